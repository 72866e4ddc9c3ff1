import KubeAPI

package enum SealError: ActionableError {
    case keyUnavailable(file: String, reason: String)
    /// A value was sealed under another key or on another machine, or was altered.
    case unsealable(what: String)

    package var description: String {
        switch self {
        case .keyUnavailable(let file, let reason): "key \(file): \(reason)"
        case .unsealable(let what): "\(what) cannot be decrypted with this machine's key"
        }
    }

    package var remedy: String? {
        switch self {
        case .keyUnavailable(let file, _): "restore \(file): 32 bytes, 0600, owned by root"
        case .unsealable: "restore the key file and /etc/machine-id that the value was sealed with"
        }
    }
}

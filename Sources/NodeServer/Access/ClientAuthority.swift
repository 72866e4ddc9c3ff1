package import HTTPServing
package import Logging
package import LinuxSystem

/// Whose certificates clients of the node API may present, as the cluster publishes it.
///
/// An API server writes the authority of its own clients to the ConfigMap `extension-apiserver-authentication` of kube-system,
/// for servers like this one. The authority that signed the API server's certificate is another matter: whoever it signs
/// certificates for need not be a user of the cluster.
package actor ClientAuthority {
    /// What the cluster says.
    package enum Answer: Sendable {
        /// PEM.
        case published(String)
        /// Nothing there, or not for this node to read.
        case withheld(reason: String)
        /// Nobody could be asked.
        case unknown(reason: String)
    }

    /// How often the cluster is asked: a rotated authority holds after this.
    private static let interval = Duration.seconds(60)

    private let tls: ServerTLS
    private let file: String
    private let logger: Logger
    private let ask: @Sendable () async -> Answer
    private var held: String?
    private var lastComplaint: String?

    /// - Parameters:
    ///   - tls: trusts what `file` holds from the last time already, if there is such a file.
    ///   - file: keeps the authority for the next start, when nobody may be there to ask.
    package init(tls: ServerTLS, file: String, logger: Logger, ask: @escaping @Sendable () async -> Answer) throws(SystemCallError) {
        self.tls = tls
        self.file = file
        self.logger = logger
        self.ask = ask
        held = try PEMFile.read(file)
    }

    /// Until cancelled.
    package func run() async {
        while !Task.isCancelled {
            await refresh()
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Asks once, and acts on the answer.
    package func refresh() async {
        switch await ask() {
        case .unknown(let reason): logger.debug("the cluster's client authority is not known anew", metadata: ["reason": "\(reason)"])
        case .withheld(let reason):
            complain(reason)
            guard held != nil else { return }
            change(to: nil)
        case .published(let pem):
            lastComplaint = nil
            guard pem != held else { return }
            change(to: pem)
        }
    }

    private func change(to pem: String?) {
        do {
            if let pem {
                try PEMFile.write(pem, to: file, mode: 0o644)
            } else {
                try PEMFile.remove(file)
            }
            try tls.trustClients(of: pem.map { _ in file })
            held = pem
            if pem != nil { logger.info("the node API accepts client certificates of the cluster's authority") }
        } catch {
            complain("\(error)")
        }
    }

    /// Once for each reason, not once a minute.
    private func complain(_ reason: String) {
        guard lastComplaint != reason else { return }
        lastComplaint = reason
        logger.warning(
            "the node API accepts no client certificates, only tokens: kubectl logs and exec fail if the API server presents a certificate",
            metadata: [
                "reason": "\(reason)",
                "remedy": """
                    start berthd with --client-ca-file, or let the node read it: kubectl -n kube-system create rolebinding \
                    berth-client-ca --role=extension-apiserver-authentication-reader --group=system:nodes
                    """,
            ])
    }
}

/// What proves to a registry who is pulling.
package struct RegistryCredentials: Hashable, Sendable, CustomStringConvertible {
    package var username: String
    package var password: String
    /// An OAuth2 refresh token, traded for access tokens instead of the password.
    package var identityToken: String?
    /// A ready bearer token.
    package var registryToken: String?

    package init(username: String, password: String, identityToken: String? = nil, registryToken: String? = nil) {
        self.username = username
        self.password = password
        self.identityToken = identityToken
        self.registryToken = registryToken
    }

    package var description: String { "<redacted>" }
}

import Crypto
import FoundationEssentials
import LinuxSystem
import SwiftASN1
import X509

/// The authority a standalone node signs its own certificates with: ECDSA P-256, kept in two PEM files.
package struct CertificateAuthority: Sendable {
    package let certificatePEM: String
    private let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Loads `ca.crt` and `ca.key` from `directory`, or makes them there (directory 0700, key 0600) when neither exists.
    ///
    /// The key is written first and both are renamed into place, so that a crash leaves no certificate without its key.
    package init(directory: String, commonName: String) throws(HTTPServingError) {
        let (certificateFile, keyFile) = ("\(directory)/ca.crt", "\(directory)/ca.key")
        do {
            if let text = try PEMFile.read(certificateFile), let keyText = try PEMFile.read(keyFile) {
                certificatePEM = text
                certificate = try Certificate(pemEncoded: text)
                key = try P256.Signing.PrivateKey(pemRepresentation: keyText)
                return
            }
            let fresh = P256.Signing.PrivateKey()
            let name = try DistinguishedName { CommonName(commonName) }
            let made = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(fresh.publicKey),
                notValidBefore: Date().addingTimeInterval(-3600), notValidAfter: Date().addingTimeInterval(Validity.authority),
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                    SubjectKeyIdentifier(hash: Certificate.PublicKey(fresh.publicKey))
                },
                issuerPrivateKey: .init(fresh))
            certificate = made
            key = fresh
            certificatePEM = try made.serializeAsPEM().pemString + "\n"
            try PEMFile.write(fresh.pemRepresentation + "\n", to: keyFile, mode: 0o600)
            try PEMFile.write(certificatePEM, to: certificateFile, mode: 0o644)
        } catch {
            throw .unusableCertificate(file: certificateFile, cause: error)
        }
    }

    /// A server certificate for these names and addresses, valid one year.
    package func issueServer(commonName: String, dnsNames: [String], ipAddresses: [String]) throws -> KeyPair {
        let names = dnsNames.map { GeneralName.dnsName($0) } + ipAddresses.compactMap { IPAddressBytes($0)?.generalName }
        return try issue(
            subject: try DistinguishedName { CommonName(commonName) }, usage: [.serverAuth],
            extensions: [Certificate.Extension(SubjectAlternativeNames(names), critical: false)])
    }

    /// A client certificate: `commonName` is the user, `organizations` are the groups.
    package func issueClient(commonName: String, organizations: [String]) throws -> KeyPair {
        let subject = try DistinguishedName {
            for organization in organizations { OrganizationName(organization) }
            CommonName(commonName)
        }
        return try issue(subject: subject, usage: [.clientAuth], extensions: [])
    }

    private func issue(
        subject: DistinguishedName, usage: [ExtendedKeyUsage.Usage], extensions: [Certificate.Extension]
    ) throws -> KeyPair {
        let leaf = P256.Signing.PrivateKey()
        var all = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage(usage)
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey)).keyIdentifier)
        }
        for one in extensions { try all.append(one) }
        let made = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(leaf.publicKey),
            notValidBefore: Date().addingTimeInterval(-3600), notValidAfter: Date().addingTimeInterval(Validity.leaf),
            issuer: certificate.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: all,
            issuerPrivateKey: .init(key))
        return KeyPair(certificatePEM: try made.serializeAsPEM().pemString + "\n", privateKeyPEM: leaf.pemRepresentation + "\n")
    }
}

/// Seconds.
private enum Validity {
    static let authority = 10.0 * 365 * 86400
    static let leaf = 365.0 * 86400
}

import OCISpec

extension ImageConfig {
    /// What each layer is together with all those below it, lowest first. Layers are kept under this name rather than
    /// their own digest, because directories that a tar leaves out take their attributes from the layers below.
    /// Source: OCI image spec, config.md, "Layer ChainID".
    func chainIDs() throws(ImageError) -> [Digest] {
        var chain: [Digest] = []
        for text in rootfs.diffIDs {
            let diffID: Digest
            do throws(InvalidDigest) {
                diffID = try Digest(parsing: text)
            } catch {
                throw .invalidDocument("image configuration", detail: error.description)
            }
            if let below = chain.last {
                chain.append(Digest(of: Array("\(below) \(diffID)".utf8)))
            } else {
                chain.append(diffID)
            }
        }
        return chain
    }
}

import FoundationEssentials
import Glibc
import LinuxSystem
import OCISpec

@testable import Images

/// An OCI layout on disk, made for one test.
struct TestImage {
    let layout: String
    let config: ImageConfig
    let manifest: Manifest
    var id: String
    var manifestDigest: Digest

    /// - Parameter layers: uncompressed tars, lowest first.
    init(layout: String, name: String = "web:1", layers: [[UInt8]], diffIDs: [String]? = nil) throws {
        self.layout = layout
        try DirectoryTree.make("\(layout)/blobs/sha256")
        func keep(_ bytes: [UInt8], _ type: MediaType) throws -> Descriptor {
            let digest = Digest.of(bytes)
            try DurableFile.write(bytes, to: "\(layout)/blobs/sha256/\(digest.hex)")
            return Descriptor(mediaType: type, digest: digest, size: bytes.count)
        }
        let descriptors = try layers.map { try keep($0, MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")) }
        let platform = Platform.current
        config = ImageConfig(
            architecture: platform.architecture, os: platform.os, rootfs: .init(diffIDs: diffIDs ?? layers.map { Digest.of($0).description }))
        let configDescriptor = try keep([UInt8](JSONEncoder.sorted.encode(config)), .imageConfig)
        manifest = Manifest(config: configDescriptor, layers: descriptors)
        var descriptor = try keep([UInt8](JSONEncoder.sorted.encode(manifest)), .imageManifest)
        descriptor.annotations = [ImageAnnotation.referenceName: name]
        try DurableFile.write([UInt8](JSONEncoder.sorted.encode(ImageIndex(manifests: [descriptor]))), to: "\(layout)/index.json")
        try DurableFile.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: "\(layout)/oci-layout")
        id = configDescriptor.digest.description
        manifestDigest = descriptor.digest
    }

    func blob(_ digest: Digest) -> String { "\(layout)/blobs/sha256/\(digest.hex)" }

    static let base = TarBuilder.tar { tar in
        tar.add("etc/", .directory, mode: 0o755)
        tar.add("etc/passwd", content: Array("root:x:0:0::/root:/bin/sh\n".utf8))
        tar.add("etc/group", content: Array("root:x:0:\n".utf8))
        tar.add("tmp/", .directory, mode: 0o1777, user: 7, group: 8)
        tar.add("data/", .directory, mode: 0o750)
        tar.add("data/old", content: Array("old".utf8))
        tar.add("gone", content: Array("gone".utf8))
    }

    /// Says nothing of `tmp`, hides what is in `data`, and removes `gone`.
    static let top = TarBuilder.tar { tar in
        tar.add("tmp/new", content: Array("new".utf8))
        tar.add("data/", .directory, mode: 0o700)
        tar.add("data/young", content: Array("young".utf8))
        tar.add("data/.wh..wh..opq")
        tar.add(".wh.gone")
        tar.add("etc/group", content: Array("root:x:0:\nweb:x:5:\n".utf8))
    }

    /// Some megabytes that do not compress, so that a transfer takes more than one piece.
    static let large = TarBuilder.tar { tar in
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let noise = (0..<(3 << 20)).map { _ -> UInt8 in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
        tar.add("noise", content: noise)
    }
}

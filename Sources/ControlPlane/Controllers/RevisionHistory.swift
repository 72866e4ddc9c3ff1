import KubeAPI

/// The templates a set has had, as ControllerRevisions. Source: k8s `pkg/controller/history`.
struct RevisionHistory {
    let owner: JSONValue
    /// Oldest first.
    private(set) var revisions: [JSONValue]
    /// The revision of the template as it is now.
    private(set) var update: JSONValue
    private(set) var operations: [Operation] = []
    private(set) var collisionCount: Int

    init(of owner: JSONValue, among all: [JSONValue]) {
        self.owner = owner
        let owned = all.filter { $0.meta.isControlled(by: owner.meta.uid) }
            .sorted { ($0.number("revision") ?? 0, $0.meta.name) < ($1.number("revision") ?? 0, $1.meta.name) }
        revisions = owned
        collisionCount = owner.number("status", "collisionCount") ?? 0
        let data = Self.data(of: owner)
        let next = (owned.last?.number("revision") ?? 0) + 1
        if let same = owned.last(where: { $0["data"] == data }) {
            update = same
            guard same != owned.last else { return }
            // Back to an earlier template: it becomes the newest again.
            update["revision"] = .int(next)
            revisions.removeAll { $0.meta.name == same.meta.name }
            revisions.append(update)
            operations = [.patch(same.target, uid: same.meta.uid, ["revision": .int(next)])]
            return
        }
        var revision = Self.revision(data, number: next, of: owner, collisions: collisionCount)
        while let other = all.first(where: { $0.meta.name == revision.meta.name }), other["data"] != data {
            collisionCount += 1
            revision = Self.revision(data, number: next, of: owner, collisions: collisionCount)
        }
        update = revision
        revisions.append(revision)
        operations = [.create(revision)]
    }

    /// The revision a status names, or the newest when there is none by that name.
    func named(_ name: String) -> JSONValue { revisions.first { $0.meta.name == name } ?? update }

    /// Deletes the oldest revisions nobody uses, beyond the owner's limit.
    func truncation(live: Set<String>) -> [Operation] {
        let limit = owner.number("spec", "revisionHistoryLimit") ?? 10
        let unused = revisions.filter { !live.contains($0.meta.name) && !live.contains($0.revisionHash) && $0.meta.name != update.meta.name }
        return unused.prefix(max(0, unused.count - limit)).map { .delete($0.target, uid: $0.meta.uid) }
    }

    /// The owner as it was at `revision`.
    func owner(at revision: JSONValue) -> JSONValue {
        var owner = owner
        guard var template = revision.find("data", "spec", "template") else { return owner }
        template["$patch"] = nil
        owner.set("spec", "template", to: template)
        return owner
    }

    private static func data(of owner: JSONValue) -> JSONValue {
        var template = owner.find("spec", "template") ?? .object([:])
        template["$patch"] = "replace"
        return ["spec": ["template": template]]
    }

    private static func revision(_ data: JSONValue, number: Int, of owner: JSONValue, collisions: Int) -> JSONValue {
        let hash = hash(data, collisions: collisions)
        let labels = owner.textMap("spec", "template", "metadata", "labels").merging(["controller.kubernetes.io/hash": hash]) { $1 }
        let annotations = owner.meta.annotations.filter { $0.key != "kubectl.kubernetes.io/last-applied-configuration" }
        return [
            "apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": [
                "name": .string("\(owner.meta.name)-\(hash)"), "namespace": .string(owner.meta.namespace), "labels": labels.json,
                "annotations": annotations.json, "ownerReferences": [owner.controllerReference],
            ],
            "data": data, "revision": .int(number),
        ]
    }

    /// FNV-1a in 32 bits of the sorted JSON, in the alphabet Kubernetes uses for generated names: no vowels, so no words.
    static func hash(_ data: JSONValue, collisions: Int) -> String {
        var hash: UInt32 = 2_166_136_261
        var bytes = data.serialized(sortedKeys: true)
        if collisions > 0 { bytes += Array("\(collisions)".utf8) }
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return SafeName.encode("\(hash)")
    }
}

extension JSONValue {
    /// The short hash in a revision's name.
    var revisionHash: String { meta.labels["controller.kubernetes.io/hash"] ?? "" }
}

/// Text without vowels or look-alikes. Source: apimachinery `util/rand`.
enum SafeName {
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    static func encode(_ text: String) -> String {
        String(decoding: text.utf8.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }

    static func random(_ length: Int, using generator: inout some RandomNumberGenerator) -> String {
        String(decoding: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }, as: UTF8.self)
    }
}

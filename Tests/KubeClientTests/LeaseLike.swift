import KubeAPI

/// A kind of a group, for paths.
struct LeaseLike: KubeObject {
    static let apiVersion = "g.example/v1"
    static let kind = "Thing"
    static let resource = "things"
    var metadata = ObjectMeta()
}

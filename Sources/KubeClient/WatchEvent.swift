import FoundationEssentials
package import KubeAPI

/// One line of a watch. Source: Kubernetes API concepts, "Efficient detection of changes".
package enum WatchEvent<Object: KubeObject>: Sendable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// Everything up to this resource version has been sent.
    case bookmark(resourceVersion: String)
    /// An object this program cannot read; it is skipped, not fatal.
    case unreadable(String)

    /// - Throws: `.refused` for an `ERROR` event, such as 410 Gone.
    init(line: [UInt8], request: String) throws(KubeClientError) {
        let data = Data(line)
        let decoder = JSONDecoder()
        do {
            let type = try decoder.decode(TypeOnly.self, from: data).type
            switch type {
            case "ADDED": self = .added(try decoder.decode(Carrying<Object>.self, from: data).object)
            case "MODIFIED": self = .modified(try decoder.decode(Carrying<Object>.self, from: data).object)
            case "DELETED": self = .deleted(try decoder.decode(Carrying<Object>.self, from: data).object)
            case "BOOKMARK":
                self = .bookmark(resourceVersion: try decoder.decode(Carrying<Bookmark>.self, from: data).object.metadata.resourceVersion)
            case "ERROR": throw KubeClientError.refused(try decoder.decode(Carrying<Status>.self, from: data).object, request: request)
            default: self = .unreadable("watch event of type '\(type)'")
            }
        } catch let error as KubeClientError {
            throw error
        } catch {
            self = .unreadable("\(error)")
        }
    }

    private struct TypeOnly: Decodable { var type: String }
    private struct Carrying<Value: Decodable>: Decodable { var object: Value }
    private struct Bookmark: Decodable { var metadata: ObjectMeta }
}

import Foundation
import KubeAPI
import KubeClient
import Testing

@Suite("Lists")
struct ObjectListTests {
    @Test("an item that cannot be read is still there: it does not spoil the others, and is known by its uid")
    func unreadable() throws {
        let text = """
            {"metadata": {"resourceVersion": "7"}, "items": [
              {"metadata": {"name": "good", "uid": "u1"}},
              {"metadata": {"name": "odd", "uid": "u2"}, "spec": {"containers": 5}},
              {"metadata": 5}]}
            """
        let list = try JSONDecoder().decode(ObjectList<Pod>.self, from: Data(text.utf8))
        #expect(list.items.map(\.metadata.uid) == ["u1"])
        #expect(list.unreadable.map(\.uid) == ["u2", nil])
    }
}

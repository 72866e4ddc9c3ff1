@testable import ControlPlane
import KubeAPI
import Testing

@Suite("Selectors")
struct SelectorTests {
    @Test("label selectors", arguments: [
        ("", true), ("app=web", true), ("app==web", true), ("app!=web", false), ("tier!=db", true), ("app in (web, db)", true), ("app notin (web)", false),
        ("tier notin (db)", true), ("app", true), ("!app", false), ("!tier", true), ("app=web,zone in (a,b),!tier", true), ("app=web,zone=b", false),
        ("berth.io/x=1", true), ("app=", false),
    ])
    func labels(text: String, matches: Bool) throws {
        #expect(try LabelSelectorExpression(parsing: text).matches(["app": "web", "zone": "a", "berth.io/x": "1"] as [String: String]) == matches)
    }

    @Test("what is not a selector is refused", arguments: ["app in web", "=x", "a b", "app in (a"])
    func refused(text: String) { #expect(throws: APIError.self) { try LabelSelectorExpression(parsing: text) } }

    @Test("field selectors", arguments: [
        ("metadata.name=p", true), ("spec.nodeName=n", true), ("spec.nodeName!=n", false), ("status.phase!=Failed", true), ("spec.nodeName=n,metadata.name=q", false),
    ])
    func fields(text: String, matches: Bool) throws {
        let pod: JSONValue = ["metadata": ["name": "p"], "spec": ["nodeName": "n"]]
        #expect(try ObjectFilter(namespace: nil, labelSelector: "", fieldSelector: text, of: ResourceCatalog.pods).matches(pod) == matches)
    }

    @Test("fields that cannot be selected are refused by name")
    func unsupported() {
        let error = #expect(throws: APIError.self) {
            try ObjectFilter(namespace: nil, labelSelector: "", fieldSelector: "spec.image=x", of: ResourceCatalog.pods)
        }
        #expect(error?.status.message == "field label not supported: spec.image")
    }
}

extension StandaloneNode {
    /// A pod of one busybox container that runs a shell script.
    ///
    /// - Parameters:
    ///   - grace: seconds.
    ///   - main: further fields of the container, in YAML's flow style.
    ///   - spec: further lines of the spec, indented by two.
    static func pod(_ name: String, _ script: String, grace: Int, main: String = "", spec: String = "") -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: \(name), labels: {app: \(name)}}
        spec:
          terminationGracePeriodSeconds: \(grace)
          containers:
          - {name: main, image: "\(busybox)", command: [sh, -c, '\(script)']\(main.isEmpty ? "" : ", \(main)")}
        \(spec)
        ---

        """
    }
}

package import KubeAPI

/// The running container whose processes an ephemeral container is to see: its id, or nil where they see each other anyway.
/// Source: Kubernetes, "Debug Running Pods", "Debugging using an ephemeral debug container".
///
/// - Throws: `targetNotRunning`; the container waits for it.
package func processTarget(of container: Container, in pod: Pod, record: PodRecord) throws(PlanningError) -> String? {
    let name = container.targetContainerName
    guard !name.isEmpty, !pod.spec.hostPID, pod.spec.shareProcessNamespace != true else { return nil }
    guard record[container: name].isRunning, let run = record[container: name].current else { throw .targetNotRunning(name) }
    return run.id
}

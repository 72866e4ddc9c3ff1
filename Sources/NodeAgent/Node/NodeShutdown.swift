import FoundationEssentials
import Glibc
import LinuxSystem
import Logging
import PodPlanning

/// Ends the pods in order when the machine goes down, the important ones last. They have not failed by that: they start again
/// with the machine, by their restart policy. Source: Kubernetes, "Graceful node shutdown".
struct NodeShutdown: Sendable {
    /// Between two tries to reach logind.
    private static let pause = Duration.seconds(60)

    let bus: String
    /// Of logind's configuration, for it to wait as long as the pods are given.
    let delayFile: String
    let settings: ShutdownSettings
    let pods: PodManager
    let logger: Logger

    /// Runs until cancelled.
    func run() async {
        var isFailing = false
        while !Task.isCancelled {
            do throws(SystemCallError) {
                try await watch()
                isFailing = false
            } catch {
                if !isFailing, !Task.isCancelled {
                    logger.notice("pods will not be ended in order when the machine goes down", metadata: ["error": "\(error)", "bus": "\(bus)"])
                }
                isFailing = true
                // Ends early only by cancellation, which the loop condition sees.
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// One lock, from taking it to letting it go.
    private func watch() async throws(SystemCallError) {
        let (bus, wanted, file) = (bus, settings.total, delayFile)
        let inhibitor = try await onDedicatedThread { () throws(SystemCallError) in try ShutdownInhibitor(bus: bus, wanted: wanted, raisingBy: file) }
        let periods = settings.within(inhibitor.limit)
        if periods.total < settings.total {
            logger.notice(
                "logind waits for less than pods are to be given at a shutdown",
                metadata: [
                    "seconds": "\(inhibitor.limit)", "wanted": "\(settings.total)",
                    "cause": "\(inhibitor.refusal?.description ?? "a file that logind reads after \(delayFile) says less")",
                    "remedy": "raise InhibitDelayMaxSec in logind.conf(5)",
                ])
        }
        guard try await announcement(inhibitor) else { return }
        logger.notice("the machine goes down", metadata: ["seconds": "\(periods.total)"])
        await pods.suspend(periods)
        inhibitor.release()
        // Until here comes who has changed their mind, or the end of everything.
        if try await !announcement(inhibitor) {
            logger.notice("the machine stays up")
            await pods.resume()
        }
    }

    private func announcement(_ inhibitor: ShutdownInhibitor) async throws(SystemCallError) -> Bool {
        let result: Result<Bool, SystemCallError> = await withTaskCancellationHandler {
            do throws(SystemCallError) {
                return .success(try await onDedicatedThread { () throws(SystemCallError) in try inhibitor.nextAnnouncement() })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            inhibitor.interrupt()
        }
        return try result.get()
    }
}

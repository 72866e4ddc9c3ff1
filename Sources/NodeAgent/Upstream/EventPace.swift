import FoundationEssentials
import Synchronization

/// Lets something that goes on be told of now and then: the first time after one interval.
final class EventPace: Sendable {
    private let seconds: TimeInterval
    private let last: Mutex<Date>

    init(seconds: TimeInterval, now: Date = Date()) {
        self.seconds = seconds
        last = Mutex(now)
    }

    /// True at most once an interval.
    func allows(_ now: Date) -> Bool {
        last.withLock { last in
            guard now.timeIntervalSince(last) >= seconds else { return false }
            last = now
            return true
        }
    }
}

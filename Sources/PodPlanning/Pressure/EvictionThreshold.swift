package import FoundationEssentials
import KubeAPI

/// What a node can run short of. Source: Kubernetes, "Node-pressure Eviction", "Eviction signals".
package enum EvictionSignal: String, Hashable, Sendable, CaseIterable {
    case memory = "memory.available"
    /// The file system of pods, and the one of images and writable layers; they may be the same.
    case nodeDisk = "nodefs.available"
    case nodeInodes = "nodefs.inodesFree"
    case imageDisk = "imagefs.available"
    case imageInodes = "imagefs.inodesFree"
    case processes = "pid.available"

    /// Of the Node object.
    package var condition: String {
        switch self {
        case .memory: "MemoryPressure"
        case .nodeDisk, .nodeInodes, .imageDisk, .imageInodes: "DiskPressure"
        case .processes: "PIDPressure"
        }
    }

    /// As messages name it.
    package var resource: String {
        switch self {
        case .memory: "memory"
        case .nodeDisk, .imageDisk: "ephemeral-storage"
        case .nodeInodes, .imageInodes: "inodes"
        case .processes: "pids"
        }
    }
}

/// What there is, and how much of it is left: bytes, inodes or processes.
package struct EvictionObservation: Hashable, Sendable {
    package var available: Int
    package var capacity: Int
    package init(available: Int, capacity: Int) {
        self.available = available
        self.capacity = capacity
    }
}

/// Below what a node is short of something.
package struct EvictionThreshold: Hashable, Sendable {
    package enum Amount: Hashable, Sendable {
        case absolute(Int)
        /// 0...1 of the capacity.
        case fraction(Double)

        package func value(of capacity: Int) -> Int {
            switch self {
            case .absolute(let amount): amount
            case .fraction(let part): Int(Double(capacity) * part)
            }
        }

        /// `100Mi` or `10%`.
        package init?(_ text: some StringProtocol) {
            if text.hasSuffix("%") {
                guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
                self = .fraction(percent / 100)
            } else {
                guard let quantity = Quantity(String(text)), quantity.value >= 0 else { return nil }
                self = .absolute(quantity.value)
            }
        }
    }

    package var signal: EvictionSignal
    package var amount: Amount
    /// Seconds for which it must have been so; nil is a hard threshold, which acts at once.
    package var gracePeriod: TimeInterval?
    /// How much more than the threshold is to be free again.
    package var minimumReclaim: Amount

    package init(_ signal: EvictionSignal, _ amount: Amount, gracePeriod: TimeInterval? = nil, minimumReclaim: Amount = .absolute(0)) {
        self.signal = signal
        self.amount = amount
        self.gracePeriod = gracePeriod
        self.minimumReclaim = minimumReclaim
    }

    package func isMet(_ seen: EvictionObservation, withReclaim: Bool) -> Bool {
        let reclaim = withReclaim ? minimumReclaim.value(of: seen.capacity) : 0
        return seen.available < amount.value(of: seen.capacity) + reclaim
    }
}

/// What the hard thresholds of memory and of the pods' file system keep free, by resource. Bytes.
/// Source: kubelet `hardEvictionReservation`.
package func keptFree(by thresholds: [EvictionThreshold], memory: Int, storage: Int) -> [String: Int] {
    var free: [String: Int] = [:]
    for threshold in thresholds where threshold.gracePeriod == nil {
        switch threshold.signal {
        case .memory: free["memory"] = threshold.amount.value(of: memory)
        case .nodeDisk: free["ephemeral-storage"] = threshold.amount.value(of: storage)
        case .nodeInodes, .imageDisk, .imageInodes, .processes: continue
        }
    }
    return free
}

/// When a node is short of something, and what then happens to pods.
package struct EvictionSettings: Hashable, Sendable {
    package var thresholds: [EvictionThreshold]
    /// Seconds for which a condition stays after its cause has gone. Source: kubelet `evictionPressureTransitionPeriod`.
    package var transitionPeriod: TimeInterval
    /// Seconds that a pod gets at most when it goes by a soft threshold.
    package var maximumPodGracePeriod: Int

    /// Source: kubelet's defaults.
    package static let standardHard = "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%"

    /// From lists as kubelet's flags have them, `signal<amount` and `signal=value`, separated by commas.
    ///
    /// - Throws: what is wrong, for people.
    package init(
        hard: String = standardHard, soft: String = "", softGrace: String = "", minimumReclaim: String = "", transitionPeriod: TimeInterval = 300,
        maximumPodGracePeriod: Int = 0
    ) throws(EvictionSettingsError) {
        self.transitionPeriod = transitionPeriod
        self.maximumPodGracePeriod = maximumPodGracePeriod
        thresholds = []
        var reclaims: [EvictionSignal: EvictionThreshold.Amount] = [:]
        for (signal, text) in try Self.pairs(minimumReclaim, "=") {
            guard let amount = EvictionThreshold.Amount(text) else { throw EvictionSettingsError("'\(text)' is not an amount") }
            reclaims[signal] = amount
        }
        var graces: [EvictionSignal: TimeInterval] = [:]
        for (signal, text) in try Self.pairs(softGrace, "=") {
            guard let seconds = TimeInterval(goText: text) else { throw EvictionSettingsError("'\(text)' is not a duration such as 1m30s") }
            graces[signal] = seconds
        }
        for (list, isHard) in [(hard, true), (soft, false)] {
            for (signal, text) in try Self.pairs(list, "<") {
                guard let amount = EvictionThreshold.Amount(text) else { throw EvictionSettingsError("'\(text)' is not an amount") }
                guard isHard || graces[signal] != nil else { throw EvictionSettingsError("\(signal.rawValue) is a soft threshold without a grace period") }
                thresholds.append(
                    EvictionThreshold(
                        signal, amount, gracePeriod: isHard ? nil : graces[signal], minimumReclaim: reclaims[signal] ?? .absolute(0)))
            }
        }
    }

    private static func pairs(_ text: String, _ separator: Character) throws(EvictionSettingsError) -> [(EvictionSignal, String)] {
        var found: [(EvictionSignal, String)] = []
        for part in text.split(separator: ",") {
            let halves = part.split(separator: separator, maxSplits: 1)
            guard halves.count == 2 else { throw EvictionSettingsError("'\(part)' is not of the form signal\(separator)value") }
            guard let signal = EvictionSignal(rawValue: String(halves[0])) else {
                throw EvictionSettingsError("'\(halves[0])' is none of \(EvictionSignal.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            found.append((signal, String(halves[1])))
        }
        return found
    }
}

package struct EvictionSettingsError: ActionableError {
    package let description: String
    package var remedy: String? { nil }
    init(_ description: String) { self.description = description }
}

extension TimeInterval {
    /// A duration as Go writes it: `90s`, `1m30s`, `2h`.
    package init?(goText text: some StringProtocol) {
        let units: [Character: Double] = ["h": 3600, "m": 60, "s": 1]
        var seconds = 0.0
        var number = ""
        for character in text {
            if let unit = units[character] {
                guard let amount = Double(number) else { return nil }
                seconds += amount * unit
                number = ""
            } else {
                number.append(character)
            }
        }
        guard number.isEmpty, !text.isEmpty else { return nil }
        self = seconds
    }
}

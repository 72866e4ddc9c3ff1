/// The life of a volume that outlives its pods. Pure: `VolumeLedger` rows keep the state, the agent performs the action.
///
///     provisioned ─publish→ staging ─staged→ staged(pods) ─last unpublished→ unstaging ─unstaged→ provisioned
///     provisioned ─release→ released ─trash→ trashed ─purge→ purged
package struct VolumeStateMachine: Hashable, Sendable {
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// It exists and is nowhere mounted.
        case provisioned
        case staging
        /// Mounted once on the node; pods in `pods` use it.
        case staged
        case unstaging
        /// Its claim is gone. Kept as it is until trashed.
        case released
        case trashed
        case purged
    }

    package enum Event: Hashable, Sendable {
        case publish(pod: String)
        case staged
        case stagingFailed
        case unpublish(pod: String)
        case unstaged
        /// It was busy; the volume stays where it is.
        case unstagingFailed
        case release
        case trash
        case restore
        case purge
        /// A new boot: nothing is mounted any more, and pods will ask again.
        case reboot
    }

    package enum Action: Hashable, Sendable {
        case none
        case stage
        case unstage
        case moveToTrash
        case restoreFromTrash
        case purge
        /// The event makes no sense in this state; nothing is done.
        case refuse(String)
    }

    package private(set) var state: State
    /// Uids of the pods that use it or wait for it.
    package private(set) var pods: Set<String>

    package init(state: State = .provisioned, pods: Set<String> = []) {
        self.state = state
        self.pods = pods
    }

    package mutating func handle(_ event: Event) -> Action {
        if case .reboot = event { return reboot() }
        switch (state, event) {
        case (.provisioned, .publish(let pod)):
            pods.insert(pod)
            return move(to: .staging, .stage)
        case (.staging, .publish(let pod)), (.staged, .publish(let pod)), (.unstaging, .publish(let pod)):
            pods.insert(pod)
            return .none  // while unstaging: staged again as soon as that has ended
        case (.staging, .staged): return pods.isEmpty ? move(to: .unstaging, .unstage) : move(to: .staged, .none)
        case (.staging, .stagingFailed): return move(to: .provisioned, .none)
        case (.staging, .unpublish(let pod)):
            pods.remove(pod)
            return .none
        case (.staged, .unpublish(let pod)):
            pods.remove(pod)
            return pods.isEmpty ? move(to: .unstaging, .unstage) : .none
        case (.unstaging, .unstaged): return pods.isEmpty ? move(to: .provisioned, .none) : move(to: .staging, .stage)
        case (.unstaging, .unstagingFailed): return move(to: .staged, .none)
        case (.unstaging, .unpublish(let pod)), (.provisioned, .unpublish(let pod)):
            pods.remove(pod)
            return .none
        case (.provisioned, .release): return move(to: .released, .none)
        case (.staging, .release), (.staged, .release), (.unstaging, .release): return .refuse("a pod still uses it")
        case (.released, .trash): return move(to: .trashed, .moveToTrash)
        case (.provisioned, .trash), (.staging, .trash), (.staged, .trash), (.unstaging, .trash): return .refuse("its claim was not released")
        case (.trashed, .restore): return move(to: .released, .restoreFromTrash)
        case (.trashed, .purge): return move(to: .purged, .purge)
        case (.released, .publish), (.trashed, .publish), (.purged, .publish): return .refuse("its claim is gone")
        case (.provisioned, .purge), (.staging, .purge), (.staged, .purge), (.unstaging, .purge), (.released, .purge):
            return .refuse("it is not in the trash")
        // Late and repeated reports.
        case (.provisioned, .staged), (.provisioned, .stagingFailed), (.provisioned, .unstaged), (.provisioned, .unstagingFailed),
            (.provisioned, .restore), (.staging, .unstaged), (.staging, .unstagingFailed), (.staging, .restore),
            (.staged, .staged), (.staged, .stagingFailed), (.staged, .unstaged), (.staged, .unstagingFailed), (.staged, .restore),
            (.unstaging, .staged), (.unstaging, .stagingFailed), (.unstaging, .restore),
            (.released, .staged), (.released, .stagingFailed), (.released, .unpublish), (.released, .unstaged),
            (.released, .unstagingFailed), (.released, .release), (.released, .restore),
            (.trashed, .staged), (.trashed, .stagingFailed), (.trashed, .unpublish), (.trashed, .unstaged), (.trashed, .unstagingFailed),
            (.trashed, .release), (.trashed, .trash),
            (.purged, .staged), (.purged, .stagingFailed), (.purged, .unpublish), (.purged, .unstaged), (.purged, .unstagingFailed),
            (.purged, .release), (.purged, .trash), (.purged, .restore), (.purged, .purge),
            (_, .reboot):
            return .none
        }
    }

    private mutating func reboot() -> Action {
        switch state {
        case .staging, .staged, .unstaging:
            state = .provisioned
            pods = []
        case .provisioned, .released, .trashed, .purged: break
        }
        return .none
    }

    private mutating func move(to next: State, _ action: Action) -> Action {
        state = next
        return action
    }
}

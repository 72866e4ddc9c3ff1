import FoundationEssentials
import KubeAPI

/// Carries out what controllers planned, through the same API that clients use.
struct Performer: Sendable {
    let api: APIService
    let events: EventRecorder

    /// In order; stops at the first operation that is refused.
    func perform(_ operations: [Operation]) async throws(APIError) {
        for operation in operations { try await perform(operation) }
    }

    private func perform(_ operation: Operation) async throws(APIError) {
        switch operation {
        case .create(let object, let announcement):
            try await announcing(announcement, named: object.meta.name) { () async throws(APIError) in
                let target = object.target
                return try await api.create(target.resource, namespace: target.namespace, object).meta.name
            }
        case .patch(let target, let uid, let change, let part, let version):
            try await patch(target, uid: uid, change, part, version)
        case .delete(let target, let uid, let grace, let announcement):
            try await announcing(announcement, named: target.name) { () async throws(APIError) in
                var options = DeleteOptions()
                options.uid = uid
                options.gracePeriodSeconds = grace
                do throws(APIError) {
                    _ = try await api.delete(target.resource, namespace: target.namespace, name: target.name, options)
                } catch {
                    guard error.isNotFound else { throw error }
                }
                return target.name
            }
        case .record(let occurrence): events.record(occurrence)
        case .together(let strands):
            let failures = await withTaskGroup(of: APIError?.self) { group in
                for strand in strands {
                    group.addTask {
                        do throws(APIError) {
                            try await perform(strand)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [APIError]()) { failures, failure in if let failure { failures.append(failure) } }
            }
            if let first = failures.first { throw first }
        }
    }

    private func announcing(
        _ announcement: Announcement?, named name: String, _ body: () async throws(APIError) -> String
    ) async throws(APIError) {
        do throws(APIError) {
            let result = try await body()
            if var occurrence = announcement?.success {
                if name.isEmpty { occurrence.message += result }
                events.record(occurrence)
            }
        } catch {
            // Somebody else was faster: the next plan sees their object.
            if var occurrence = announcement?.failure, !error.isAlreadyExists, !error.isConflict {
                occurrence.message += error.description
                events.record(occurrence)
            }
            throw error
        }
    }

    private func patch(_ target: Target, uid: String, _ change: JSONValue, _ part: Operation.Part, _ version: String?) async throws(APIError) {
        do throws(APIError) {
            _ = try await api.modify(target.resource, namespace: target.namespace, name: target.name, subresource: part.rawValue) {
                (old: JSONValue) throws(APIError) in
                guard old.meta.uid == uid else { throw .notFound(target.resource, target.name) }
                if let version, version != old.meta.resourceVersion { throw .conflict(target.resource, target.name) }
                return old.merged(with: change)
            }
        } catch {
            // It is gone, and so is the reason for the change.
            guard error.isNotFound else { throw error }
        }
    }
}

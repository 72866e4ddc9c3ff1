import LinuxSystem
import OCISpec

/// Whoever asks for the same image with the same credentials at the same time shares one pull.
struct PullKey: Hashable {
    var reference: ImageReference
    var credentials: RegistryCredentials?
}

struct RunningPull {
    var number: Int
    var task: Task<Void, Never>
    var hub: PullProgressHub
    var waiters: [Int: CheckedContinuation<Result<StoredImage, ImageError>, Never>] = [:]
}

extension ImageStore {
    /// Fetches an image from its registry, unless all of it is here.
    ///
    /// A reference with a digest that is stored is not asked for again; a tag always is, as it may have moved. Cancelling
    /// the last caller cancels the pull.
    package func pull(
        _ reference: ImageReference, credentials: RegistryCredentials? = nil, progress: PullProgressHandler? = nil
    ) async throws(ImageError) -> StoredImage {
        if reference.digest != nil, let image = image(named: reference.description) { return image }
        let key = PullKey(reference: reference, credentials: credentials)
        let waiter = makeNumber()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { join(key, waiter: waiter, progress, $0) }
        } onCancel: {
            // Ends as soon as the actor has let this caller go.
            Task { await self.leave(key, waiter: waiter) }
        }
        return try result.get()
    }

    /// The same, trying one login after the other as kubelet does; goes without only when there are none.
    package func pull(
        _ reference: ImageReference, trying logins: [RegistryCredentials], progress: PullProgressHandler? = nil
    ) async throws(ImageError) -> StoredImage {
        var refusal: ImageError?
        for login in logins {
            do throws(ImageError) {
                return try await pull(reference, credentials: login, progress: progress)
            } catch {
                switch error {
                case .unauthorized, .notInRegistry: refusal = refusal ?? error
                default: throw error
                }
            }
        }
        if let refusal { throw refusal }
        return try await pull(reference, credentials: nil, progress: progress)
    }

    /// How far the pulls under way are.
    package func runningPulls() -> [PullProgress] { pulls.values.map(\.hub.progress).sorted { $0.reference < $1.reference } }

    private func join(
        _ key: PullKey, waiter: Int, _ progress: PullProgressHandler?, _ continuation: CheckedContinuation<Result<StoredImage, ImageError>, Never>
    ) {
        var pull = pulls[key] ?? start(key)
        if let progress { pull.hub.add(progress, id: waiter) }
        pull.waiters[waiter] = continuation
        pulls[key] = pull
    }

    private func leave(_ key: PullKey, waiter: Int) {
        guard let continuation = pulls[key]?.waiters.removeValue(forKey: waiter) else { return }
        pulls[key]?.hub.remove(waiter)
        if let pull = pulls[key], pull.waiters.isEmpty {
            pulls[key] = nil
            pull.task.cancel()
            // It may not even have begun.
            admissions.removeValue(forKey: pull.number)?.resume()
        }
        continuation.resume(returning: .failure(.cancelled("pull of \(key.reference)")))
    }

    private func start(_ key: PullKey) -> RunningPull {
        let number = makeNumber()
        let hub = PullProgressHub(reference: key.reference.description)
        // Its end resumes those who wait for it; without any it is cancelled.
        let task = Task {
            if !queue.begin(number) { await withCheckedContinuation { admissions[number] = $0 } }
            let result: Result<StoredImage, ImageError>
            do throws(ImageError) {
                if Task.isCancelled { throw .cancelled("pull of \(key.reference)") }
                result = .success(try await performPull(key, hub))
            } catch {
                result = .failure(error)
            }
            if let next = queue.end(number) { admissions.removeValue(forKey: next)?.resume() }
            guard let pull = pulls[key], pull.number == number else { return }
            pulls[key] = nil
            for waiter in pull.waiters.values { waiter.resume(returning: result) }
        }
        return RunningPull(number: number, task: task, hub: hub)
    }

    private func performPull(_ key: PullKey, _ hub: PullProgressHub) async throws(ImageError) -> StoredImage {
        let connection = RegistryConnection(for: key.reference, credentials: key.credentials, configuration: registries)
        let workspace = try makeWorkspace()
        let result: Result<StoredImage, ImageError>
        do throws(ImageError) {
            let contents = try await key.reference.contents(from: connection, platform: registries.platform)
            let layers = contents.layers.compactMap(\.self)
            hub.begin(layers.map { PullProgress.Layer(digest: $0.digest, totalBytes: $0.size) })
            let image = try await assemble(contents, in: workspace, hub: hub) { position throws(ImageError) in
                let source = LayerSource(root: workspace.blobs, path: "\(position)")
                try await connection.fetch(layers[position], to: "\(workspace.blobs)/\(position)") { hub.fetched(position, bytes: $0) }
                return source
            }
            result = .success(image)
        } catch {
            result = .failure(error)
        }
        await connection.shutDown()
        await close(workspace)
        return try result.get()
    }
}

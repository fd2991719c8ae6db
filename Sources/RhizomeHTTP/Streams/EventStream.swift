internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import ServiceLifecycle
internal import StrictJSON

/// A stream of events that goes on until its reader or the node leaves (spec: streams.md).
///
/// A reader is a position in the log: nothing is queued for it, and a slow one is told later.
struct EventStream<Source: StreamSource>: StreamedAnswer {
    /// What ends a wait for something new.
    private enum Waking {
        case news, silence, shutdown
    }

    private let database: Database
    private let viewpoint: Viewpoint
    /// The place among all streams, held as long as the stream is.
    private let place: StreamPlaces.Place
    private var source: Source
    private var eyes: StreamEyes
    private var position: Int64
    /// What is told before anything that is read.
    private var beginning: [UInt8]
    /// Whether the end of the log was reached once.
    private var isReady = false
    private var isOver = false

    /// - Throws: 400 where nobody can look so.
    init(
        _ source: Source,
        from start: StreamStart,
        seenFrom viewpoint: Viewpoint,
        _ database: Database,
        place: StreamPlaces.Place
    ) async throws {
        self.database = database
        self.viewpoint = viewpoint
        self.place = place
        self.source = source
        eyes = try await StreamEyes(viewpoint, database)
        beginning = Array("retry: \(StreamLimits.retry)\n\n".utf8)
        switch start {
        case .start: position = 0
        case .now: position = database.lastPosition
        case .after(let known):
            position = known.position
            guard known.epoch != database.log.epoch || known.position > database.lastPosition else { break }
            // Another log: what the reader knows is nothing here.
            position = 0
            beginning += bytes(.reset, ["what": "epoch"])
        }
    }

    /// A page of changes is held while it is made into bytes, which are counted where they are written.
    var heldBytes: Int { 0 }

    mutating func next() async throws -> [UInt8] {
        if !beginning.isEmpty {
            defer { beginning = [] }
            return beginning
        }
        guard !isOver else { return [] }
        do {
            while true {
                try Task.checkCancellation()
                let bytes = try await step()
                if !bytes.isEmpty { return bytes }
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            isOver = true
            return bytes(.end, ["error": .string(APIError(error).error)], id: false)
        }
    }

    /// What is to be told next; waits for something new where all is told.
    private mutating func step() async throws -> [UInt8] {
        let current = try await StreamEyes(viewpoint, database)
        let change = current.change(since: eyes)
        eyes = current
        if let change {
            position = 0
            isReady = false
            return bytes(.reset, ["what": .string(change)])
        }
        let (events, end) = try await source.next(after: position, as: eyes.perspective)
        if end > position {
            position = end
            return bytes(events)
        }
        guard isReady else {
            isReady = true
            return bytes(.ready, ["position": .integer(position)])
        }
        switch await wait() {
        case .news: return []
        case .silence: return Array(":\n\n".utf8)
        case .shutdown: throw APIError.unavailable("stopping", "this node stops; go on when it runs again")
        }
    }

    private func wait() async -> Waking {
        await withTaskGroup(of: Waking.self) { [database, position, eyes] group in
            group.addTask { await database.waitForDeltas(after: position) ? .news : .shutdown }
            group.addTask { await database.waitForTrust(otherThan: eyes.trust) ? .news : .shutdown }
            group.addTask {
                try? await database.clock.sleep(for: StreamLimits.silence)
                return .silence
            }
            group.addTask {
                try? await gracefulShutdown()
                return .shutdown
            }
            defer { group.cancelAll() }
            return await group.next() ?? .shutdown
        }
    }

    // MARK: - Bytes

    private func bytes(_ events: [(event: StreamEvent, position: Int64)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (event, position) in events {
            event.write(to: &bytes, id: StreamPosition(epoch: database.log.epoch, position: position))
        }
        return bytes
    }

    /// - Parameter id: whether who has read it goes on at the stream's position, else as before.
    private func bytes(_ kind: StreamEvent.Kind, _ data: JSONObject, id: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        let place = id ? StreamPosition(epoch: database.log.epoch, position: position) : nil
        StreamEvent(kind: kind, data: data).write(to: &bytes, id: place)
        return bytes
    }
}

internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews

extension TypedCollection {
    /// What happens in a collection, from a cursor on, by this node and by its peers.
    ///
    /// A reader has no queue, only its place in the log: a slow one falls behind, and is told of entities that changed
    /// several times meanwhile once or a few times, with what they had become by then. Each iteration begins at the
    /// cursor. It ends where its task is cancelled or the node shut down.
    public struct Changes: AsyncSequence, Sendable {
        /// What happened to one entity.
        public typealias Element = CollectionChange<Entity>
        /// ``CollectionError``, and what the log throws.
        public typealias Failure = any Error

        let collection: TypedCollection
        let start: CollectionCursor

        /// Begins at the cursor.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(collection: collection, start: start) }

        /// One reader's place.
        public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
            private let collection: TypedCollection
            private let start: CollectionCursor
            private var position: Int64
            /// Changes up to the position that weren't asked for yet, the next one last.
            private var ready: [CollectionChange<Entity>] = []
            private var isOver = false

            init(collection: TypedCollection, start: CollectionCursor) {
                self.collection = collection
                self.start = start
                position = start.position
            }

            /// The next change, once there is one; `nil` where the task is cancelled or the node shut down.
            ///
            /// - Throws: ``CollectionError`` `cursor`, and what the log throws; there is nothing more then.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws -> CollectionChange<Entity>? {
                guard !isOver else { return nil }
                let database = collection.database
                do {
                    try check()
                    while ready.isEmpty {
                        guard await database.waitForDeltas(after: position) else { break }
                        do {
                            try await readOn()
                        } catch let error as DeltaLogError where error.code == .busy {
                            // It has waited for its turn, and does so again.
                        }
                    }
                } catch {
                    isOver = true
                    // Reading fails as well where it is cancelled, or the log is closed with the node.
                    guard await database.waitForDeltas(after: -1) else { return nil }
                    throw error
                }
                let next = Task.isCancelled ? nil : ready.popLast()
                isOver = next == nil
                return next
            }

            private func check() throws(CollectionError) {
                let database = collection.database
                guard start.epoch == database.log.epoch, start.position <= database.lastPosition else {
                    throw CollectionError(
                        .cursor,
                        "this cursor is of another store, or of this one before it was restored; read what is there, and "
                            + "go on from the collection's own cursor"
                    )
                }
            }

            private mutating func readOn() async throws {
                let database = collection.database
                let page = try await database.changes().changes(in: Text(collection.name), after: position)
                let before = CollectionCursor(epoch: start.epoch, position: position)
                let after = CollectionCursor(epoch: start.epoch, position: page.position)
                position = page.position
                let last = page.changes.last?.id
                ready = []
                for change in page.changes.reversed() {
                    let view = collection.hasSchema ? try await collection.view(of: change.id) : change.after
                    ready.append(CollectionChange(change, after: view, cursor: change.id == last ? after : before))
                }
            }
        }
    }

    /// How far the collection can be read now; taken before reading what is there, nothing after it is missed.
    public var cursor: CollectionCursor { CollectionCursor(epoch: database.log.epoch, position: database.lastPosition) }

    /// What happens to the collection's entities, one change for each that changed.
    ///
    ///     for try await change in users.changes() {
    ///         switch change.event {
    ///         case .created(let user): print("\(user.name) is new")
    ///         case .updated(let user): print("\(user.name) has changed")
    ///         case .deleted: print("\(change.id) is gone")
    ///         case .unreadable(let error): print("\(change.id) is no user: \(error)")
    ///         }
    ///     }
    ///
    /// A change of the trusted-peer list alone is none of the collection's.
    ///
    /// - Parameter cursor: where to begin; now where `nil`.
    public func changes(since cursor: CollectionCursor? = nil) -> Changes {
        Changes(collection: self, start: cursor ?? self.cursor)
    }

    /// Entities that are new or have changed, as they are then; see ``changes(since:)``.
    ///
    /// Deleted ones, and those that can't be had as an `Entity`, are left out.
    public func updates(since cursor: CollectionCursor? = nil) -> some AsyncSequence<Entity, any Error> & Sendable {
        changes(since: cursor).compactMap { $0.entity }
    }

    /// Entities that are new, as they are then; see ``changes(since:)``.
    public func creations(since cursor: CollectionCursor? = nil) -> some AsyncSequence<Entity, any Error> & Sendable {
        changes(since: cursor).compactMap { $0.createdEntity }
    }
}

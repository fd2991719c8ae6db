internal import RhizomeCore

/// The heads of others' logs that are to be told, and when: the first after a pause soon, later ones gathered (spec:
/// peering.md, "Publications").
///
/// Whatever comes in, at least 50 ms are between one telling and the next. All times are µs of the clock that never goes
/// back.
struct GatheredHeads: Sendable {
    /// How long heads are gathered, from the first of them on; and how long nothing was told where there was a pause.
    static let interval: Int64 = 50_000

    private var heads = NewHeads()
    /// When what waits is to be told; `nil` where nothing waits.
    private(set) var due: Int64?
    private var pauseStarts = Int64.min

    /// Whether the next heads are the first after a pause.
    func isPaused(now: Int64) -> Bool { due == nil && now >= pauseStarts }

    /// Adds heads to those that are to be told.
    ///
    /// - Parameter wait: how long until they are told where none waited yet, µs: ``interval``, or less after a pause.
    mutating func add(_ new: NewHeads, wait: Int64, now: Int64) {
        guard !new.isEmpty else { return }
        heads.add(new)
        due = due ?? now + wait
    }

    /// Takes all, once it is time; `nil` before, and where there are none.
    mutating func take(now: Int64) -> [AuthorHead]? {
        guard let due, now >= due else { return nil }
        defer { heads = NewHeads() }
        self.due = nil
        pauseStarts = now + Self.interval
        return heads.all
    }
}

internal import Bytes
internal import RhizomeCore

/// The heads of others' logs that are to be told, and when: the first after a pause soon, later ones gathered (spec:
/// peering.md, "Publications").
///
/// Whatever comes in, at least 50 ms are between one telling and the next.
struct GatheredHeads: Sendable {
    /// How long heads are gathered, from the first of them on; and how long nothing was told where there was a pause.
    static let interval = Duration.milliseconds(50)

    private var heads = NewHeads()
    /// When what waits is to be told; `nil` where nothing waits.
    private(set) var due: Uptime?
    private var pauseStarts = Uptime.min

    /// Whether the next heads are the first after a pause.
    func isPaused(now: Uptime) -> Bool { due == nil && now >= pauseStarts }

    /// Adds heads to those that are to be told.
    ///
    /// - Parameter wait: how long until they are told where none waited yet: ``interval``, or less after a pause.
    mutating func add(_ new: NewHeads, wait: Duration, now: Uptime) {
        guard !new.isEmpty else { return }
        heads.add(new)
        due = due ?? now + wait
    }

    /// Takes all, once it is time; `nil` before, and where there are none.
    mutating func take(now: Uptime) -> [AuthorHead]? {
        guard let due, now >= due else { return nil }
        defer { heads = NewHeads() }
        self.due = nil
        pauseStarts = now + Self.interval
        return heads.all
    }
}

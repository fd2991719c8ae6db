package import Bytes
package import RhizomeCore

/// The heads of others' logs that are to be told, and when: the first after a pause soon, later ones gathered (spec:
/// peering.md, "Publications").
///
/// Whatever comes in, at least 50 ms are between one telling and the next.
package struct GatheredHeads: Sendable {
    /// How long heads are gathered, from the first of them on; and how long nothing was told where there was a pause.
    static let interval = Audience.longestWait

    private var heads = NewHeads()
    /// When what waits is to be told; `nil` where nothing waits.
    package private(set) var due: Uptime?
    private var pauseStarts = Uptime.min

    /// None.
    package init() {}

    /// Whether the next heads are the first after a pause.
    package func isPaused(now: Uptime) -> Bool { due == nil && now >= pauseStarts }

    /// Adds heads to those that are to be told.
    ///
    /// - Parameter wait: how long until they are told where none waited yet: ``interval`` at most.
    package mutating func add(_ new: NewHeads, wait: Duration, now: Uptime) {
        guard !new.isEmpty else { return }
        heads.add(new)
        due = due ?? max(now + wait, pauseStarts)
    }

    /// Takes all, once it is time; `nil` before, and where there are none.
    ///
    /// - Parameter isNews: those of them that are to be told, by now; if there are none, nothing was told.
    package mutating func take(
        now: Uptime,
        where isNews: ([AuthorHead]) -> [AuthorHead]
    ) -> [AuthorHead]? {
        guard let due, now >= due else { return nil }
        defer { heads = NewHeads() }
        self.due = nil
        let told = isNews(heads.all)
        guard !told.isEmpty else { return nil }
        pauseStarts = now + Self.interval
        return told
    }
}

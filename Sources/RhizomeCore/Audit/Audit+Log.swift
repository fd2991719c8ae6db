extension Audit {
    /// How many bytes of entries are held at a time, whatever the number of cores: enough to keep hundreds busy.
    private static let pageBytes = 16 << 20

    /// Audits a whole log.
    ///
    /// - Parameters:
    ///   - width: how many tasks verify at the same time.
    ///   - others: what was found by other means, told first.
    /// - Throws: what the log throws but `corrupt`, which is a finding and ends the reading.
    /// - Complexity: a verification per delta, over `width` cores.
    @concurrent
    public static func report(
        of log: any AcceptanceOrder & StallRecords,
        width: Int,
        others: [AuditFinding] = []
    ) async throws -> AuditReport {
        var others = others
        var stalls: [Stall] = []
        do {
            // Before the deltas are counted: what these don't fit to is held by then.
            stalls = try await log.stalls()
        } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
            others.append(AuditFinding(.database, error.message))
        }
        let count = try await log.count()
        var audit = Audit(expecting: count)
        audit.add(others)
        var position: Int64 = 0
        do {
            // What is appended meanwhile is left to the next audit.
            while position < count {
                let page = try await log.entries(after: position, maximumBytes: pageBytes)
                guard let last = page.last else { break }
                for entry in await ExaminedEntry.examine(page, width: width) where entry.position <= count {
                    audit.add(entry)
                }
                position = last.position
            }
        } catch let error as DeltaLogError where error == DeltaLogError(.corrupt, "") {
            audit.add([AuditFinding(.database, position: position + 1, error.message)])
        }
        return audit.report(count: count, stalls: stalls)
    }
}

/// What an audit says of a whole log.
public struct AuditReport: Sendable {
    /// How many entries were looked at.
    public let count: Int64
    /// What is wrong, in the order in which it was found; the first ``Audit/findingLimit``.
    public private(set) var findings: [AuditFinding]
    /// How many findings there were in all.
    public private(set) var findingCount: Int64
    /// Each author's log, by key.
    public let authors: [AuthorAudit]
    /// How many entries were received at an earlier time than the one before: the own clock went back.
    public let clockWentBackCount: Int64

    /// The same with more findings, told first.
    public func adding(_ more: [AuditFinding]) -> AuditReport {
        var report = self
        report.findings = Array((more + findings).prefix(Audit.findingLimit))
        report.findingCount += Int64(more.count)
        return report
    }
}

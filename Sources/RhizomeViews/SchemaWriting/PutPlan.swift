/// What a PUT comes to: what is to be written, or why nothing may be.
///
/// A value, since it is found within the log's transaction, which others' writes share.
package enum PutPlan: Sendable {
    /// Deltas, in this order, all or none; none where nothing changes.
    case write([PlannedDelta])
    /// Why it is refused: ``FieldError``, ``SchemaViolations``, ``OthersValues`` or ``JSONLogicError``.
    case refused(any Error)

    /// What is to be written.
    package var deltas: [PlannedDelta] {
        switch self {
        case .write(let deltas): deltas
        case .refused: []
        }
    }
}

/// What holds the deltas: one author's log beside the other, in the order in which they were accepted.
///
/// The set of deltas held is closed: none without all its previous. A log decides nothing; it appends what admission
/// has admitted, durably and in one piece, and gives each delta the next position: dense, from 1, never used twice.
/// Cursors, stream ids and the audit's gaps rest on that. Every implementation passes the suite in RhizomeTesting. Whoever
/// needs but a part of a log takes the protocol of that part.
///
/// One writer at a time calls ``DeltaAppending/write(_:)``; all else may be called at the same time from anywhere.
public protocol DeltaLog: AcceptanceOrder, AuthorLogs, DeltaAppending, DeltaLookup, DeltaSearch, StallRecords,
    StateReading
{}

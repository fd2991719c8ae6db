internal import RhizomeCore

/// What a delta costs, by its bytes and pointers: one may cost as much as hundreds of others.
///
/// Counted alone, 500 deltas of 1,024 pointers would be one step of everybody's turn, and hold the writer for seconds.
enum DeltaWeight {
    /// Bytes that a decoded delta takes in memory, about: it keeps three forms of its text, and 64 bytes a pointer.
    ///
    /// - Parameter wire: a signed delta that hasn't been decoded yet.
    static func memory(of wire: [UInt8]) -> Int { 3 * wire.count + 64 * SignedDelta.pointerCount(in: wire) }

    /// What decoding and verifying it takes, in times of a small one: a kilobyte is parsed or hashed as fast as one of
    /// those.
    static func computing(_ wire: [UInt8]) -> Int { 1 + wire.count / 1024 }

    /// What writing it takes, in times of a small one: each 4 pointers, and each page of the database, cost as much.
    static func writing(_ delta: SignedDelta) -> Int {
        writing(pointers: delta.body.pointers.count, bytes: delta.bytes.count)
    }

    /// The same for one that isn't signed yet.
    static func writing(_ draft: Draft) -> Int {
        // Its bytes are known only once it is signed; a local write stays together anyway.
        writing(pointers: draft.pointers.count, bytes: 0)
    }

    private static func writing(pointers: Int, bytes: Int) -> Int { max(1, pointers / 4 + bytes / 4096) }
}

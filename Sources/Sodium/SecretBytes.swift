internal import CSodium

/// A secret in locked, guarded memory: never swapped out, absent from core dumps, wiped when the last owner lets go.
///
/// Nothing here turns a secret into an `Array`, `Data` or `String`; spans lend it for a call.
@safe package final class SecretBytes: Sendable {
    // Safe to share: written only before `init` returns, read-only by mprotect afterwards.
    private nonisolated(unsafe) let pointer: UnsafeMutableRawPointer

    /// How many bytes the secret has.
    package let count: Int

    /// Makes `count` bytes, zero at first, and lets `fill` write them once.
    ///
    /// - Throws: `memory` where no locked memory is left, and whatever `fill` throws.
    package convenience init(count: Int, filledBy fill: (inout MutableRawSpan) throws -> Void) throws {
        try unsafe self.init(count: count) { (memory: UnsafeMutablePointer<UInt8>) in
            var span = unsafe MutableRawSpan(_unsafeStart: memory, byteCount: count)
            try fill(&span)
        }
    }

    /// For the other files of this module: makes `count` bytes and lets a C function write them through their address.
    @unsafe init(count: Int, writing write: (UnsafeMutablePointer<UInt8>) throws -> Void) throws {
        try SodiumLibrary.initialize()
        guard let memory = unsafe sodium_malloc(count) else { throw SodiumError(.memory) }
        // sodium_malloc goes on where mlock failed; a secret that can be swapped out isn't kept.
        guard unsafe sodium_mlock(memory, count) == 0 else {
            unsafe sodium_free(memory)
            throw SodiumError(.memory)
        }
        unsafe sodium_memzero(memory, count)
        do {
            try unsafe write(memory.assumingMemoryBound(to: UInt8.self))
        } catch {
            unsafe sodium_free(memory)
            throw error
        }
        _ = unsafe sodium_mprotect_readonly(memory)
        unsafe self.pointer = unsafe memory
        self.count = count
    }

    deinit { unsafe sodium_free(pointer) }

    /// Random bytes.
    package static func random(count: Int) throws -> SecretBytes {
        try unsafe SecretBytes(count: count) { memory in unsafe randombytes_buf(memory, count) }
    }

    /// Lends the bytes for one call.
    package func withSpan<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeStart: pointer, byteCount: count))
    }

    /// Whether both hold the same bytes; takes the same time wherever they differ.
    package func isEqual(to other: SecretBytes) -> Bool {
        guard count == other.count else { return false }
        return unsafe sodium_memcmp(pointer, other.pointer, count) == 0
    }

    /// For the other files of this module: the address, valid while `self` is.
    @unsafe func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafePointer(pointer.assumingMemoryBound(to: UInt8.self)))
    }
}

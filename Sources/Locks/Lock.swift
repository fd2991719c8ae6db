#if RHIZOME_TSAN
    internal import Foundation
#else
    internal import Synchronization
#endif

/// A value that one thread at a time may touch: the house's only lock.
///
/// It is the standard library's `Mutex`. ThreadSanitizer doesn't see that one on Linux, where it sleeps on a futex, and
/// reports a race for each use; so a build with `RHIZOME_TSAN` takes Foundation's lock, which the sanitizer knows.
package struct Lock<Value>: ~Copyable, Sendable {
    #if RHIZOME_TSAN
        private let box: Box

        // Safe to share: the value is touched under the lock alone.
        private final class Box: @unchecked Sendable {
            let lock = NSLock()
            var value: Value

            init(_ value: Value) { self.value = value }
        }

        /// Guards a value.
        package init(_ value: sending Value) { box = Box(value) }

        /// Lends the value to one caller at a time; others wait, so `body` must be short and must not come back here.
        package borrowing func withLock<Result, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            box.lock.lock()
            defer { box.lock.unlock() }
            return try body(&box.value)
        }
    #else
        private let mutex: Mutex<Value>

        /// Guards a value.
        package init(_ value: consuming sending Value) { mutex = Mutex(value) }

        /// Lends the value to one caller at a time; others wait, so `body` must be short and must not come back here.
        package borrowing func withLock<Result, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            try mutex.withLock(body)
        }
    #endif
}

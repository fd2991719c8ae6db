internal import CSodium

/// The library as a whole.
package enum SodiumLibrary {
    private static let isReady: Bool = sodium_init() >= 0

    /// Starts the library once; cheap afterwards, safe on any thread.
    ///
    /// To be called before a ZeroMQ context exists, since libzmq starts and stops the same library's randomness.
    package static func initialize() throws(SodiumError) {
        guard isReady else { throw SodiumError(.initialization) }
    }
}

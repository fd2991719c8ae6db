internal import Bytes

/// What libsodium could not do.
package struct SodiumError: CodedError {
    /// What failed.
    package enum Code: String, Sendable {
        /// `sodium_init` failed: there is no source of randomness.
        case initialization
        /// No locked memory could be had (`ulimit -l`), or too little memory for a passphrase's hash.
        case memory
        /// A ciphertext was changed, or the key (the passphrase) is another.
        case authentication
        /// Text that is not Base64.
        case encoding
    }

    /// What failed.
    package let code: Code

    package init(_ code: Code) { self.code = code }

    package var message: String {
        switch code {
        case .initialization: "libsodium can't start: no source of randomness"
        case .memory: "out of memory, or of memory that can be locked (see ulimit -l)"
        case .authentication: "the secret can't be opened: wrong passphrase, or the content was changed"
        case .encoding: "not Base64"
        }
    }
}

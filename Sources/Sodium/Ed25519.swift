package import Bytes
internal import CSodium

/// What is done with public keys alone (libsodium's `crypto_sign` and `crypto_core_ed25519`).
package enum Ed25519 {
    /// Whether the signature is the key's over the message, by libsodium 1.0.18's rule (spec: identity.md): S < L, key
    /// and R neither of small order nor non-canonical, cofactorless.
    ///
    /// - Complexity: 60 µs, and more for long messages: not on the socket thread, nor on the writer's.
    package static func isValid(signature: [UInt8], over message: [UInt8], by publicKey: Bytes32) -> Bool {
        guard signature.count == Int(crypto_sign_BYTES) else { return false }
        return unsafe crypto_sign_verify_detached(
            signature,
            message,
            UInt64(message.count),
            publicKey.array
        ) == 0
    }

    /// Whether the key can be an identity: canonical, on the main subgroup, not of small order.
    ///
    /// - Complexity: nearly that of a verification.
    package static func isAcceptable(_ publicKey: Bytes32) -> Bool {
        unsafe crypto_core_ed25519_is_valid_point(publicKey.array) == 1
    }

    /// The X25519 form of the key; `nil` for keys that are not acceptable.
    ///
    /// A key and its negative have the same.
    package static func transportKey(of publicKey: Bytes32) -> Bytes32? {
        var curve = [UInt8](repeating: 0, count: Int(crypto_box_PUBLICKEYBYTES))
        guard unsafe crypto_sign_ed25519_pk_to_curve25519(&curve, publicKey.array) == 0 else { return nil }
        return Bytes32(curve)
    }
}

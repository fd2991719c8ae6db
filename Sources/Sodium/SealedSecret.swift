internal import CSodium

/// A secret under a key: XChaCha20-Poly1305-IETF.
package enum SealedSecret {
    /// How many bytes a key has.
    package static let keyCount = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    /// How many bytes a nonce has.
    package static let nonceCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    /// How many bytes the tag adds.
    package static let tagCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// The ciphertext and its tag.
    package static func seal(_ secret: SecretBytes, with data: [UInt8], nonce: [UInt8], key: SecretBytes) -> [UInt8] {
        precondition(nonce.count == nonceCount && key.count == keyCount, "a nonce has 24 bytes, a key 32")
        var sealed = [UInt8](repeating: 0, count: secret.count + tagCount)
        unsafe secret.withPointer { message in
            unsafe key.withPointer { key in
                _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &sealed,
                    nil,
                    message,
                    UInt64(secret.count),
                    data,
                    UInt64(data.count),
                    nil,
                    nonce,
                    key
                )
            }
        }
        return sealed
    }

    /// The secret, straight into locked memory.
    ///
    /// - Throws: ``SodiumError`` `authentication` where anything was changed or the key is another; `memory`.
    package static func open(
        _ sealed: [UInt8],
        with data: [UInt8],
        nonce: [UInt8],
        key: SecretBytes
    ) throws -> SecretBytes {
        precondition(nonce.count == nonceCount && key.count == keyCount, "a nonce has 24 bytes, a key 32")
        guard sealed.count >= tagCount else { throw SodiumError(.authentication) }
        return try unsafe SecretBytes(count: sealed.count - tagCount) { secret in
            let result = unsafe key.withPointer { key in
                unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                    secret,
                    nil,
                    nil,
                    sealed,
                    UInt64(sealed.count),
                    data,
                    UInt64(data.count),
                    nonce,
                    key
                )
            }
            guard result == 0 else { throw SodiumError(.authentication) }
        }
    }
}

internal import CSodium

/// Random bytes that are no secrets: nonces, salts, tokens' names.
package func randomBytes(count: Int) throws(SodiumError) -> [UInt8] {
    try SodiumLibrary.initialize()
    var bytes = [UInt8](repeating: 0, count: count)
    unsafe randombytes_buf(&bytes, count)
    return bytes
}

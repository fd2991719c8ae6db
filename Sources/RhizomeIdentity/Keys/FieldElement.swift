/// A number modulo p = 2^255 - 19, in sixteen limbs of 16 bits: just what it takes to map X25519 keys back.
///
/// For public keys only: nothing here takes the same time for all inputs.
struct FieldElement: Equatable {
    private var limbs: [Int64]

    private init(limbs: [Int64]) { self.limbs = limbs }

    /// A small number.
    init(_ number: Int64) {
        limbs = [number] + [Int64](repeating: 0, count: 15)
        carry()
    }

    /// 32 bytes, little-endian; the top bit is left out (RFC 7748, section 5).
    init(littleEndian bytes: [UInt8]) {
        limbs = (0..<16).map { Int64(bytes[2 * $0]) | Int64(bytes[2 * $0 + 1]) << 8 }
        limbs[15] &= 0x7fff
    }

    /// The one canonical encoding: 32 bytes, little-endian, below p.
    var littleEndian: [UInt8] {
        var reduced = self
        for _ in 0..<3 { reduced.carry() }
        for _ in 0..<2 {
            var less = reduced.limbs
            less[0] -= 0xffed
            for index in 1..<15 {
                less[index] -= 0xffff + (less[index - 1] >> 16 & 1)
                less[index - 1] &= 0xffff
            }
            less[15] -= 0x7fff + (less[14] >> 16 & 1)
            less[14] &= 0xffff
            if less[15] >= 0 { reduced.limbs = less }
        }
        return reduced.limbs.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    private mutating func carry() {
        for index in 0..<16 {
            let excess = limbs[index] >> 16
            limbs[index] &= 0xffff
            // 2^256 = 38 modulo p.
            if index < 15 { limbs[index + 1] += excess } else { limbs[0] += 38 * excess }
        }
    }

    static func + (left: Self, right: Self) -> Self {
        var sum = Self(limbs: zip(left.limbs, right.limbs).map { $0 + $1 })
        sum.carry()
        return sum
    }

    static func - (left: Self, right: Self) -> Self {
        var difference = Self(limbs: zip(left.limbs, right.limbs).map { $0 - $1 })
        difference.carry()
        return difference
    }

    static func * (left: Self, right: Self) -> Self {
        var product = [Int64](repeating: 0, count: 31)
        for (i, a) in left.limbs.enumerated() { for (j, b) in right.limbs.enumerated() { product[i + j] += a * b } }
        for index in 0..<15 { product[index] += 38 * product[index + 16] }
        var result = Self(limbs: Array(product.prefix(16)))
        result.carry()
        result.carry()
        return result
    }

    /// 1 / self, which is self^(p - 2); 0 for 0.
    var inverse: Self {
        var result = self
        // p - 2 has ones in all bits but 2 and 4.
        for bit in stride(from: 253, through: 0, by: -1) {
            result = result * result
            if bit != 2 && bit != 4 { result = result * self }
        }
        return result
    }

    static func == (left: Self, right: Self) -> Bool { left.littleEndian == right.littleEndian }
}

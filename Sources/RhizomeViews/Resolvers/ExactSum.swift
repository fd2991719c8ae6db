internal import RhizomeCore

/// A sum of numbers that loses nothing: rounded when it is asked for, and only then.
///
/// Integers are added up in 128 bits, which 2^64 of them can't overflow. Floats are added in fixed point: every finite
/// one is a whole multiple of 2^-1074, the least that there is, so a whole number of these units in 2,176 bits holds the
/// sum of 2^64 of the greatest.
public struct ExactSum: Sendable {
    /// How many numbers were added.
    public private(set) var count = 0
    private var whole: Int128 = 0
    /// The floats, in units of 2^-1074: two's complement, least word first; empty while there are none.
    private var units: [UInt64] = []

    /// A number, or none.
    public init(_ number: Number?) {
        guard let number else { return }
        count = 1
        switch number {
        case .integer(let integer): whole = Int128(integer)
        case .float(let float):
            units = FixedPoint.zero
            FixedPoint.add(float, to: &units)
        }
    }

    /// The sum of both.
    public func adding(_ other: ExactSum) -> ExactSum {
        var sum = self
        sum.count += other.count
        sum.whole += other.whole
        if sum.units.isEmpty {
            sum.units = other.units
        } else if !other.units.isEmpty {
            FixedPoint.add(other.units, at: 0, to: &sum.units)
        }
        return sum
    }

    /// The sum divided by a number of at least 1, rounded once: to nearest, ties to even.
    ///
    /// An integer where the quotient is one within Int64; `nil` where it is beyond the greatest float.
    public func quotient(by divisor: UInt64) -> Number? {
        if units.isEmpty, let integer = exactInteger(by: divisor) { return .integer(integer) }
        var total = units.isEmpty ? FixedPoint.zero : units
        FixedPoint.add(whole, to: &total)
        return FixedPoint.quotient(of: total, by: divisor)
    }

    /// The quotient of integers alone, the usual case.
    private func exactInteger(by divisor: UInt64) -> Int64? {
        let (quotient, remainder) = whole.quotientAndRemainder(dividingBy: Int128(divisor))
        return remainder == 0 ? Int64(exactly: quotient) : nil
    }
}

/// Whole multiples of 2^-1074 in two's complement, least word first.
private enum FixedPoint {
    /// 34 words hold the sum of 2^64 of the greatest floats, and its sign: 1,074 + 1,024 + 64 + 1 bits.
    static let zero = [UInt64](repeating: 0, count: 34)
    /// Where 1 is.
    private static let pointBit = 1_074
    private static let significandBits = 53

    /// Adds a number that begins at a word, its sign continued above.
    static func add(_ addend: [UInt64], at start: Int, to units: inout [UInt64]) {
        let sign: UInt64 = (addend.last ?? 0) >> 63 == 1 ? .max : 0
        var words = addend.makeIterator()
        var carry: UInt64 = 0
        for index in start..<units.count {
            let (partial, first) = units[index].addingReportingOverflow(words.next() ?? sign)
            let (sum, second) = partial.addingReportingOverflow(carry)
            units[index] = sum
            carry = first || second ? 1 : 0
        }
    }

    static func add(_ float: Double, to units: inout [UInt64]) {
        let field = float.exponentBitPattern
        let significand = float.significandBitPattern | (field == 0 ? 0 : 1 << 52)
        // Subnormals are in units already; normal ones begin with the same unit.
        let bit = field == 0 ? 0 : Int(field) - 1
        let magnitude = Int128(significand) << Int128(bit % 64)
        add(words(float.sign == .minus ? -magnitude : magnitude), at: bit / 64, to: &units)
    }

    static func add(_ whole: Int128, to units: inout [UInt64]) {
        // Three words: a shift by up to 63 bits pushes the sign out of two.
        let shift = UInt64(pointBit % 64)
        let pair = words(whole)
        let sign: UInt64 = whole < 0 ? .max : 0
        let shifted = [
            pair[0] << shift, pair[1] << shift | pair[0] >> (64 - shift), sign << shift | pair[1] >> (64 - shift),
        ]
        add(shifted, at: pointBit / 64, to: &units)
    }

    private static func words(_ number: Int128) -> [UInt64] {
        [UInt64(truncatingIfNeeded: number), UInt64(truncatingIfNeeded: number >> 64)]
    }

    /// The quotient, rounded to the nearest float, ties to even; an integer where it is one within Int64.
    static func quotient(of units: [UInt64], by divisor: UInt64) -> Number? {
        let isNegative = units.last.map { $0 >> 63 == 1 } ?? false
        var magnitude = units
        if isNegative {
            magnitude = magnitude.map { ~$0 }
            add([1], at: 0, to: &magnitude)
        }
        var remainder: UInt64 = 0
        for index in magnitude.indices.reversed() {
            (magnitude[index], remainder) = divisor.dividingFullWidth((remainder, magnitude[index]))
        }
        if remainder == 0, let integer = integer(magnitude, isNegative: isNegative) { return .integer(integer) }
        // Half of the divisor is neither more nor less only where it is even and the remainder is exactly that.
        let rest: Rest =
            remainder == 0
            ? .none
            : remainder < divisor - remainder ? .less : remainder == divisor - remainder ? .half : .more
        guard let float = float(magnitude, rest: rest) else { return nil }
        guard let value = Value.number(isNegative ? -float : float) else { return nil }
        return Number(value)
    }

    /// How what lies below a bit compares with half of it.
    private enum Rest { case none, less, half, more }

    private static func integer(_ magnitude: [UInt64], isNegative: Bool) -> Int64? {
        let word = pointBit / 64
        let shift = UInt64(pointBit % 64)
        guard magnitude[..<word].allSatisfy({ $0 == 0 }), magnitude[word] & (1 << shift - 1) == 0,
            magnitude[word + 1] >> shift == 0, magnitude[(word + 2)...].allSatisfy({ $0 == 0 })
        else { return nil }
        let whole = magnitude[word] >> shift | magnitude[word + 1] << (64 - shift)
        return Int64(exactly: isNegative ? -Int128(whole) : Int128(whole))
    }

    /// The nearest float to a magnitude and what lies below its last bit; `nil` beyond the greatest.
    private static func float(_ magnitude: [UInt64], rest: Rest) -> Double? {
        guard let top = magnitude.lastIndex(where: { $0 != 0 }) else {
            return rest == .more ? .leastNonzeroMagnitude : 0
        }
        let bits = top * 64 + 64 - magnitude[top].leadingZeroBitCount
        let low = max(0, bits - significandBits)
        var significand = self.bits(of: magnitude, from: low)
        var below = rest
        if low > 0 {
            let isHalfSet = magnitude[(low - 1) / 64] >> UInt64((low - 1) % 64) & 1 == 1
            let isExact = rest == .none && hasNoBits(magnitude, below: low - 1)
            below = isHalfSet ? (isExact ? .half : .more) : (isExact ? .none : .less)
        }
        if below == .more || below == .half && significand & 1 == 1 { significand += 1 }
        // The significand's leading bit counts into the exponent's field: one more for normal floats, none for
        // subnormal ones, and a carry goes where it belongs.
        let pattern = UInt64(low) << 52 + significand
        let float = Double(bitPattern: pattern)
        return low < 2_046 && float.isFinite ? float : nil
    }

    /// The bits from one on, of which at most 53 are left.
    private static func bits(of magnitude: [UInt64], from low: Int) -> UInt64 {
        let word = low / 64
        let shift = UInt64(low % 64)
        let high = word + 1 < magnitude.count && shift > 0 ? magnitude[word + 1] << (64 - shift) : 0
        return magnitude[word] >> shift | high
    }

    private static func hasNoBits(_ magnitude: [UInt64], below bit: Int) -> Bool {
        magnitude[..<(bit / 64)].allSatisfy { $0 == 0 } && magnitude[bit / 64] & (1 << UInt64(bit % 64) - 1) == 0
    }
}

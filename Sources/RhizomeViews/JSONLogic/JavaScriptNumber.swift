internal import Bytes

/// How JavaScript reads and writes numbers (ECMA-262: `Number::toString`, `StringToNumber`, `parseFloat`).
enum JavaScriptNumber {
    // MARK: - Writing

    /// The shortest digits that give the number back, with an exponent from 1e21 on and below 1e-6.
    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        if number == 0 { return "0" }
        if let integer = Int64(exactly: number), abs(number) <= 9_007_199_254_740_992 { return integer.description }
        let (digits, point) = shortestDigits(number.magnitude)
        let sign = number < 0 ? "-" : ""
        return sign + notation(digits, point: point)
    }

    /// The significant digits, and where the point stands, counted from before the first of them.
    private static func shortestDigits(_ magnitude: Double) -> (digits: String, point: Int) {
        // The standard library's digits are the shortest too, only its notation is another one.
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let all = mantissa[0] + fraction
        let leading = all.prefix { $0 == "0" }.count
        var digits = all.dropFirst(leading)
        while digits.last == "0" { digits.removeLast() }
        return (String(digits), mantissa[0].count - leading + exponent)
    }

    private static func notation(_ digits: String, point: Int) -> String {
        let count = digits.count
        if point > 21 || point < -5 {
            let exponent = (point > 0 ? "e+" : "e-") + abs(point - 1).description
            return count == 1 ? digits + exponent : "\(digits.prefix(1)).\(digits.dropFirst())\(exponent)"
        }
        if point >= count { return digits + String(repeating: "0", count: point - count) }
        if point > 0 { return "\(digits.prefix(point)).\(digits.dropFirst(point))" }
        return "0." + String(repeating: "0", count: -point) + digits
    }

    // MARK: - Reading

    /// The number that a whole text writes, white space around it aside: 0 for an empty text, NaN for what is none.
    static func number(_ text: Text) -> Double {
        let trimmed = trimmed(text.string)
        if trimmed.isEmpty { return 0 }
        if let number = powerOfTwoRadix(trimmed) { return number }
        let (number, rest) = decimal(trimmed)
        return rest.isEmpty ? number : .nan
    }

    /// The number that a text begins with, NaN where it begins with none (`parseFloat`).
    static func leadingNumber(_ text: Text) -> Double { decimal(trimmed(text.string)).number }

    /// Without JavaScript's white space and line ends at both ends.
    private static func trimmed(_ string: String) -> Substring.UTF8View {
        let scalars = string.unicodeScalars
        guard let start = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return Substring().utf8 }
        return Substring(scalars[start...last]).utf8
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0d, 0x20, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff: true
        default: false
        }
    }

    /// The longest decimal number at the start, and what follows it.
    private static func decimal(_ text: Substring.UTF8View) -> (number: Double, rest: Substring.UTF8View) {
        var rest = text
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.starts(with: "Infinity".utf8) { return (isNegative ? -.infinity : .infinity, rest.dropFirst(8)) }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: isDigit)
            if !whole.isEmpty || !digits.isEmpty {
                fraction = digits
                rest = rest.dropFirst(1 + digits.count)
            }
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return (.nan, text) }
        var literal = "\(isNegative ? "-" : "")0\(Substring(whole)).\(Substring(fraction))0"
        if let first = rest.first, first | 0x20 == UInt8(ascii: "e") {
            var exponent = rest.dropFirst()
            let sign = exponent.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
            if sign != nil { exponent.removeFirst() }
            let digits = exponent.prefix(while: isDigit)
            if !digits.isEmpty {
                literal += "e\(sign == UInt8(ascii: "-") ? "-" : "+")\(Substring(digits))"
                rest = exponent.dropFirst(digits.count)
            }
        }
        return (Double(literal) ?? .nan, rest)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// `0x`, `0o` and `0b` with digits, rounded once; `nil` where the text doesn't begin so.
    private static func powerOfTwoRadix(_ text: Substring.UTF8View) -> Double? {
        let bitsPerDigit: Int
        switch text.prefix(2).last.map({ $0 | 0x20 }) {
        case UInt8(ascii: "x") where text.first == UInt8(ascii: "0"): bitsPerDigit = 4
        case UInt8(ascii: "o") where text.first == UInt8(ascii: "0"): bitsPerDigit = 3
        case UInt8(ascii: "b") where text.first == UInt8(ascii: "0"): bitsPerDigit = 1
        default: return nil
        }
        let digits = text.dropFirst(2)
        guard !digits.isEmpty else { return .nan }
        // The leading bits, and in the lowest whether any one bit was lost behind them: that rounds as all would.
        var leading: UInt64 = 0
        var exponent = 0
        for byte in digits {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < 1 << bitsPerDigit else {
                return .nan
            }
            if leading < 1 << 58 {
                leading = leading << bitsPerDigit | UInt64(digit)
            } else {
                leading |= digit == 0 ? 0 : 1
                exponent += bitsPerDigit
            }
        }
        return Double(sign: .plus, exponent: min(exponent, 2_000), significand: Double(leading))
    }
}

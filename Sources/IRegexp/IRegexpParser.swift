internal import Bytes

/// A pattern as a tree.
indirect enum IRegexpNode {
    case characters(CharacterClass)
    case sequence([IRegexpNode])
    case alternatives([IRegexpNode])
    /// Without an upper bound where that is `nil`.
    case repetition(IRegexpNode, from: Int, to: Int?)
}

/// Reads a pattern by the grammar of RFC 9485, section 4, strictly.
struct IRegexpParser {
    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var depth = 0

    init(_ pattern: Text) { scalars = Array(pattern.string.unicodeScalars) }

    mutating func parse() throws(IRegexpError) -> IRegexpNode {
        let node = try alternatives()
        // What ends the alternatives of a whole pattern, and isn't its end, is a parenthesis.
        guard offset == scalars.count else { throw syntax("there is no parenthesis to close") }
        return node
    }

    private var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    private func syntax(_ message: String) -> IRegexpError { IRegexpError(.syntax, at: offset, message) }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        offset += 1
        return true
    }

    private mutating func alternatives() throws(IRegexpError) -> IRegexpNode {
        var branches = [try branch()]
        while skip("|") { branches.append(try branch()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func branch() throws(IRegexpError) -> IRegexpNode {
        var pieces: [IRegexpNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { pieces.append(try piece(scalar)) }
        return .sequence(pieces)
    }

    private mutating func piece(_ first: Unicode.Scalar) throws(IRegexpError) -> IRegexpNode {
        let atom = try atom(first)
        switch next {
        case "*":
            offset += 1
            return .repetition(atom, from: 0, to: nil)
        case "+":
            offset += 1
            return .repetition(atom, from: 1, to: nil)
        case "?":
            offset += 1
            return .repetition(atom, from: 0, to: 1)
        case "{":
            offset += 1
            let least = try count()
            var most: Int? = least
            if skip(",") { most = next == "}" ? nil : try count() }
            guard skip("}") else { throw syntax("a count is {n}, {n,} or {n,m}") }
            if let most, most < least { throw syntax("the second count is no less than the first") }
            return .repetition(atom, from: least, to: most)
        default: return atom
        }
    }

    private mutating func count() throws(IRegexpError) -> Int {
        var digits = 0
        var number = 0
        while let scalar = next, ("0"..."9").contains(scalar) {
            number = min(number * 10 + Int(scalar.value - 48), IRegexp.maximumCount + 1)
            digits += 1
            offset += 1
        }
        guard digits > 0 else { throw syntax("a count is {n}, {n,} or {n,m}") }
        guard number <= IRegexp.maximumCount else {
            throw IRegexpError(.size, at: offset, "a count is at most \(IRegexp.maximumCount)")
        }
        return number
    }

    private mutating func atom(_ first: Unicode.Scalar) throws(IRegexpError) -> IRegexpNode {
        switch first {
        case "(":
            guard depth < IRegexp.maximumDepth else {
                throw IRegexpError(.size, at: offset, "parentheses nest at most \(IRegexp.maximumDepth) levels deep")
            }
            offset += 1
            depth += 1
            defer { depth -= 1 }
            let node = try alternatives()
            guard skip(")") else { throw syntax("a parenthesis isn't closed") }
            return node
        case "[": return .characters(try expression())
        case ".":
            offset += 1
            return .characters(.any)
        case "\\": return .characters(CharacterClass(parts: [try escape()]))
        case "*", "+", "?", "{", "}", "]": throw syntax("this character has a meaning here: put a \\ before it")
        default:
            offset += 1
            return .characters(.only(first))
        }
    }

    /// A class in brackets.
    private mutating func expression() throws(IRegexpError) -> CharacterClass {
        offset += 1
        var result = CharacterClass(parts: [], isNegated: skip("^"))
        // A - stands for itself at the beginning and at the end only.
        if skip("-") { result.parts.append(.range(45...45)) }
        while let scalar = next, scalar != "]" {
            if scalar == "-" {
                offset += 1
                guard next == "]", !result.parts.isEmpty else { throw syntax("a - in the middle: put a \\ before it") }
                result.parts.append(.range(45...45))
                break
            }
            let first = try member(scalar)
            guard case .range(let lower) = first, next == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]"
            else {
                result.parts.append(first)
                continue
            }
            offset += 1
            guard let scalar = next, scalar != "-", case .range(let upper) = try member(scalar) else {
                throw syntax("a range ends with a character")
            }
            guard upper.lowerBound >= lower.lowerBound else { throw syntax("a range ends after it begins") }
            result.parts.append(.range(lower.lowerBound...upper.lowerBound))
        }
        guard !result.parts.isEmpty else { throw syntax("a class has a character") }
        guard skip("]") else { throw syntax("a class isn't closed") }
        return result
    }

    private mutating func member(_ scalar: Unicode.Scalar) throws(IRegexpError) -> CharacterClass.Part {
        switch scalar {
        case "\\": return try escape()
        case "[": throw syntax("this character has a meaning here: put a \\ before it")
        default:
            offset += 1
            return .range(scalar.value...scalar.value)
        }
    }

    /// What a backslash begins: one character, or those of a category.
    private mutating func escape() throws(IRegexpError) -> CharacterClass.Part {
        offset += 1
        guard let scalar = next else { throw syntax("a \\ stands before a character") }
        switch scalar {
        case "n", "r", "t":
            offset += 1
            let value: UInt32 = scalar == "n" ? 10 : scalar == "r" ? 13 : 9
            return .range(value...value)
        case "p", "P":
            offset += 1
            guard skip("{") else { throw syntax("a category is \\p{…}") }
            var name = ""
            while let scalar = next, scalar != "}", name.utf8.count < 3 {
                name.unicodeScalars.append(scalar)
                offset += 1
            }
            guard let categories = CharacterClass.categories[name] else { throw syntax("there is no such category") }
            guard skip("}") else { throw syntax("a category is \\p{…}") }
            return .categories(categories, isNegated: scalar == "P")
        case "(", ")", "*", "+", "-", ".", "?", "[", "\\", "]", "^", "{", "|", "}":
            offset += 1
            return .range(scalar.value...scalar.value)
        default: throw syntax("\\ stands before ( ) * + - . ? [ \\ ] ^ n r t { | } p or P only")
        }
    }
}

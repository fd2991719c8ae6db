/// A media type with its parameters (RFC 9110, sections 8.3.1 and 5.6.6), as `Content-Type` and `Accept` have it.
struct MediaType {
    /// `type/subtype`, in lower case.
    let essence: String
    private let parameters: [(name: String, value: String)]

    /// Reads one; `nil` where a quote isn't closed.
    ///
    /// What is no `name=value` is passed over, empty parameters among them.
    init?(_ text: String) {
        guard let parts = Self.split(text) else { return nil }
        essence = Self.trimmed(parts[0][...]).lowercased()
        parameters = parts.dropFirst().compactMap { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            return pair.count == 2 ? (pair[0].lowercased(), pair[1]) : nil
        }
    }

    /// The values of a parameter, without their quotes; its name in lower case.
    func values(of name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    /// The parts between semicolons outside of quotes, at least one; quotes are taken away.
    private static func split(_ text: String) -> [String]? {
        var parts = [""]
        var isQuoted = false
        var characters = text.makeIterator()
        while let character = characters.next() {
            switch character {
            case "\"": isQuoted.toggle()
            case ";" where !isQuoted: parts.append("")
            case "\\" where isQuoted:
                guard let escaped = characters.next() else { return nil }
                parts[parts.count - 1].append(escaped)
            default: parts[parts.count - 1].append(character)
            }
        }
        return isQuoted ? nil : parts
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

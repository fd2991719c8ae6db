/// A set of characters (RFC 9485, `charClass`).
struct CharacterClass: Sendable {
    /// A part of a class.
    enum Part: Sendable {
        case range(ClosedRange<UInt32>)
        /// Of one of these general categories, or of none of them.
        case categories(Set<Unicode.GeneralCategory>, isNegated: Bool)

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .range(let range): range.contains(scalar.value)
            case .categories(let categories, let isNegated):
                categories.contains(scalar.properties.generalCategory) != isNegated
            }
        }
    }

    /// All but the ends of lines, as `.` stands for.
    static let any = CharacterClass(parts: [.range(10...10), .range(13...13)], isNegated: true)

    var parts: [Part]
    var isNegated = false

    static func only(_ scalar: Unicode.Scalar) -> CharacterClass {
        CharacterClass(parts: [.range(scalar.value...scalar.value)])
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool { parts.contains { $0.contains(scalar) } != isNegated }

    /// The general categories of `\p{…}` by their short names (Unicode Standard Annex #44, table 12); `Cs` can't occur in
    /// a text, so that the RFC leaves it out.
    static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let all: [String: Unicode.GeneralCategory] = [
            "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
            "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber,
            "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation,
            "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
            "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol,
            "So": .otherSymbol, "Zs": .spaceSeparator, "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control,
            "Cf": .format, "Co": .privateUse, "Cn": .unassigned,
        ]
        var categories = all.mapValues { Set([$0]) }
        for (name, category) in all { categories[String(name.prefix(1)), default: []].insert(category) }
        return categories
    }()
}

internal import Bytes

/// The way from the data to what `var` names.
enum JSONLogicPath: Sendable {
    /// The data itself.
    case whole
    /// From member to member.
    case steps([Step])

    /// One part between the dots.
    struct Step: Sendable {
        let name: Text
        /// The place of an item, where the name is a number as JavaScript would write it.
        let index: Int?

        init(_ name: Text) {
            self.name = name
            let digits = name.utf8
            let isIndex =
                (1...10).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
                && (digits.count == 1 || digits.first != 0x30)
            index = isIndex ? Int(name.string) : nil
        }
    }

    /// The path that a text writes; it has a step more than dots.
    init(_ text: Text) {
        self = .steps(
            text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { part in
                Step(Text(String(Substring(part))))
            }
        )
    }
}

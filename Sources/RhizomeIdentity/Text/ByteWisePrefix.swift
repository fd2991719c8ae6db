extension StringProtocol where SubSequence == Substring {
    /// What follows a prefix of the same bytes; `nil` where the text doesn't start with it.
    ///
    /// Not by characters: an accent that follows would belong to the prefix's last one, and vanish with it.
    func after(_ prefix: String) -> Substring? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return self[utf8.index(utf8.startIndex, offsetBy: prefix.utf8.count)...]
    }

    /// The parts between the first `count` places where that ASCII character stands, bytewise.
    func split(atFirst separator: Unicode.Scalar, _ count: Int = 1) -> [Substring] {
        utf8.split(separator: UInt8(ascii: separator), maxSplits: count, omittingEmptySubsequences: false)
            .map { self[$0.startIndex..<$0.endIndex] }
    }
}

import Testing

@testable import RhizomePeering

@Suite struct PublicationNumbersTests {
    private func notes(_ numbers: [Int64?]) -> [Bool] {
        var seen = PublicationNumbers()
        return numbers.map { seen.note($0) }
    }

    @Test("numbers that run on tell that nothing went past us, whichever is the first")
    func whole() {
        #expect(notes([0, 1, 2, 3]) == [true, true, true, true])
        #expect(notes([77, 78]) == [true, true])
        #expect(notes([.max - 1, .max]) == [true, true])
    }

    @Test("a gap, a repetition, one that comes late and a restart are noticed, each once")
    func broken() {
        #expect(notes([5, 7, 8]) == [true, false, true])
        #expect(notes([5, 5, 6]) == [true, false, true])
        #expect(notes([5, 4, 5]) == [true, false, true])
        #expect(notes([900, 0, 1]) == [true, false, true])
        #expect(notes([.max, 0, .max, .max]) == [true, false, false, false])
    }

    @Test("publications without numbers are taken as they come, and a peer may begin to number them")
    func without() {
        #expect(notes([nil, nil, 3, nil, 9, 10]) == [true, true, true, true, true, true])
    }
}

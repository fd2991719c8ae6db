import Bytes
import CommandSupport
import RhizomeIdentity
import SignedStatements
import StrictJSON

/// Introductions that wait for a person or were turned down, as text and as JSON.
struct IntroductionText {
    let introduction: Introduction
    let outcome: IntroductionOutcome
    /// What the introducer is called.
    let introducer: String?

    /// `nil` for one of which nothing is to be told: it is followed, or its subject is trusted anyway.
    init?(_ introduction: Introduction, _ outcome: IntroductionOutcome, in list: TrustList) {
        switch outcome {
        case .followed, .introduced, .decided(isTrusted: true): return nil
        case .due, .proposal, .decided, .unacceptable, .tooManyEntries, .tooManyStatements: break
        }
        self.introduction = introduction
        self.outcome = outcome
        introducer = list.lastName(of: introduction.introducer)
    }

    /// Why nobody is trusted by it: in a word, and for people.
    private var why: (code: String, text: String) {
        switch outcome {
        case .followed, .introduced: ("followed", "its subject is trusted by an introduction")
        case .due: ("due", "waits for your node, which follows it while it runs, unless RHIZOME_FOLLOW is false")
        case .proposal: ("proposal", "waits for you: the introducer may not introduce")
        case .decided(let isTrusted): ("decided", isTrusted ? "you trust this key already" : "you distrust this key")
        case .unacceptable(let why): ("unacceptable", why)
        case .tooManyEntries:
            (
                "tooManyEntries",
                "\(IntroductionDecisions.mostEntries) are trusted by this introducer's word, and no more can be"
            )
        case .tooManyStatements:
            (
                "tooManyStatements",
                "this introducer's word brings about \(IntroductionDecisions.mostStatements) statements a day at most"
            )
        }
    }

    /// A row for columns that line up: name, key, introducer and why.
    var row: [String] {
        [
            introduction.petname ?? "-",
            TerminalText.escaped(introduction.subject.string, limitBytes: 128),
            "by " + (introducer ?? introduction.introducer.short),
            why.text,
        ]
    }

    /// All members each time, null where there is nothing to say.
    var json: JSONValue {
        [
            "did": .text(introduction.subject),
            "name": introduction.petname.map { .string($0) } ?? .null,
            "addresses": .array(introduction.addresses.map { .string($0.description) }),
            "may": .array(introduction.may.map(\.rawValue).sorted().map { .string($0) }),
            "introducedBy": .string(introduction.introducer.did),
            "introducerName": introducer.map { .string($0) } ?? .null,
            "introduction": .string(Hex.encode(introduction.delta.array)),
            "time": .integer(introduction.time.microseconds),
            "why": .string(why.code),
            "message": .string(why.text),
        ]
    }
}

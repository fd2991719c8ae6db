import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import SignedStatements

/// The introductions in a home's store that wait for a person or were turned down.
struct WaitingIntroductions {
    /// How many keys are looked at together.
    private static let batch = 64

    let home: Home
    let list: TrustList

    /// Goes through all of them, by the bytes of whom they introduce.
    func forEach(_ body: (IntroductionText) throws -> Void) async throws {
        let log: SQLiteDeltaLog
        do {
            log = try SQLiteDeltaLog.openForReading(
                folder: home.path + "/data",
                version: CommandLineTool.version,
                now: CommandLineTool.now
            )
        } catch let error as DeltaLogError where error.code == .missing {
            return
        }
        let introductions = Introductions(log: log, without: try await Exclusion(by: list, in: log))
        var decisions = IntroductionDecisions(list, at: CommandLineTool.now)
        var last: Text?
        while true {
            let subjects = try await introductions.subjects(after: last, limit: Self.batch)
            let found = try await introductions.introductions(of: subjects)
            for subject in subjects {
                let said = found[subject] ?? []
                let outcomes =
                    PublicKey(did: subject.string).map { decisions.decide(on: $0, given: said) }
                    ?? said.map { _ in .unacceptable("that is no did of an identity") }
                for (introduction, outcome) in zip(said, outcomes) {
                    if let text = IntroductionText(introduction, outcome, in: list) { try body(text) }
                }
            }
            guard subjects.count == Self.batch, let next = subjects.last else { return }
            last = next
        }
    }
}

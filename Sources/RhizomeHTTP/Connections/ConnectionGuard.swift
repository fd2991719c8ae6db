internal import Bytes
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import StrictJSON

/// What comes on a connection, as those who answer see it.
enum RequestPart: Sendable {
    /// A request begins.
    case head(HTTPRequestHead)
    /// A piece of its body.
    case body(ByteBuffer)
    /// It is whole.
    case end
    /// What was coming can't become a request, and nothing comes after it.
    case failed(APIError)
}

/// The answer that is written next goes on until its reader leaves: told to a connection's guard.
struct EventStreamBegins: Sendable {
    /// Told once the reader sends nothing more, or is gone.
    let onLeaving: @Sendable () -> Void

    init(_ onLeaving: @escaping @Sendable () -> Void) { self.onLeaving = onLeaving }
}

/// Keeps a connection to its deadlines: stands between the HTTP codec and those who read and write requests.
///
/// A peer that is in the middle of a request then, or sends what is none, is answered before the end. A close is held back
/// until the socket has taken all that was written: NIO drops it where the peer has closed its side already.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = RequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let registry: ConnectionRegistry
    private var deadlines: ConnectionDeadlines
    private var number: Int?
    private var timer: (task: Scheduled<Void>, due: NIODeadline)?
    private var heldCloses: [(mode: CloseMode, promise: EventLoopPromise<Void>?)] = []
    private var isQuiescing = false
    /// Of what has been read at once something was a part of a request.
    private var hasReadPart = false
    private var hasExpired = false
    private var isInputClosed = false
    private var onLeaving: @Sendable () -> Void = {}

    init(limits: HTTPLimits, registry: ConnectionRegistry) {
        self.registry = registry
        deadlines = ConnectionDeadlines(limits: limits, now: .now())
    }

    // MARK: - Coming and going

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        number = registry.open(now: .now()) {
            eventLoop.execute { bound.value.context.close(mode: .all, promise: nil) }
        }
        guard number != nil else {
            // A channel that is still being set up is closed when it is.
            if context.channel.isActive { context.close(mode: .all, promise: nil) }
            return
        }
        changed(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard number != nil else {
            context.close(mode: .all, promise: nil)
            return
        }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        inputClosed()
        timer?.task.cancel()
        timer = nil
        if let number { registry.close(number) }
        number = nil
    }

    // MARK: - Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReadPart = true
        guard !deadlines.isEnding else { return }
        let part: RequestPart
        switch unwrapInboundIn(data) {
        case .head(let head):
            deadlines.headArrived(.now())
            part = .head(head)
        case .body(let buffer): part = .body(buffer)
        case .end:
            deadlines.requestEnded()
            part = .end
        }
        changed(context)
        context.fireChannelRead(wrapInboundOut(part))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes that made no part are the beginning of one.
        if !hasReadPart { deadlines.headerBegan() }
        hasReadPart = false
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError: fail(context, APIError(error))
        // The decoder was done with, and is told of more bytes.
        case is ByteToMessageDecoderError: break
        default: context.fireErrorCaught(error)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ error: APIError) {
        guard !deadlines.isEnding else { return }
        deadlines.requestFailed(.now())
        changed(context)
        context.fireChannelRead(wrapInboundOut(.failed(error)))
        context.fireChannelReadComplete()
    }

    private func inputClosed() {
        isInputClosed = true
        onLeaving()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { inputClosed() }
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            if deadlines.requests == 0, !deadlines.isWriting { context.close(mode: .all, promise: nil) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: - Writing

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let stream = event as? EventStreamBegins else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if isInputClosed { stream.onLeaving() }
        onLeaving = stream.onLeaving
        deadlines.streamBegan()
        changed(context)
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise()
        deadlines.writeBegan(.now())
        promise.futureResult.assumeIsolated().whenComplete { _ in self.writeEnded(context) }
        if case .end = unwrapOutboundIn(data) { deadlines.answerEnded(.now()) }
        changed(context)
        context.write(data, promise: promise)
    }

    private func writeEnded(_ context: ChannelHandlerContext) {
        deadlines.writeEnded(.now())
        changed(context)
        guard !deadlines.isWriting else { return }
        let closes = heldCloses
        heldCloses = []
        for (mode, promise) in closes { context.close(mode: mode, promise: promise) }
        if isQuiescing, deadlines.requests == 0 { context.close(mode: .all, promise: nil) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output {
            deadlines.outputClosed(.now())
            changed(context)
        }
        if deadlines.isWriting, mode != .input {
            heldCloses.append((mode, promise))
        } else {
            context.close(mode: mode, promise: promise)
        }
    }

    // MARK: - Deadlines

    /// Sees to it that the timer is due no later than the next deadline; one that is due too early finds out itself.
    private func changed(_ context: ChannelHandlerContext) {
        guard let number else { return }
        registry.update(number, deadlines.claim)
        guard let next = deadlines.next else { return }
        if let timer {
            guard next < timer.due else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.timerFired(context) }
        timer = (task, next)
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        timer = nil
        if let expiry = deadlines.expiry(at: .now()) {
            if !hasExpired { registry.count(expiry) }
            hasExpired = true
            if let error = deadlines.answer(to: expiry) {
                fail(context, error)
            } else {
                context.close(mode: .all, promise: nil)
            }
        } else {
            changed(context)
        }
    }
}

extension APIError {
    /// What couldn't be parsed as HTTP.
    fileprivate init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow:
            self.init(
                status: .requestHeaderFieldsTooLarge,
                error: "the request's header is too large",
                details: ["limitBytes": .integer(Int64(RequestLimits.headerBytes))]
            )
        default: self = .badInput("this is not a well-formed HTTP/1.1 request")
        }
    }
}

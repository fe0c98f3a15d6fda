import * as net from "net";
import type { Connect } from "../../provider/machines/container";

/**
 * Connects directly, for Thrift: the answer is one frame, without its length.
 * @param answerSeconds Seconds that a Nimbus has to answer.
 */
export const connectByTcp =
    (answerSeconds: number): Connect =>
    (address, port, request, lengthBytes) =>
        new Promise((resolve, reject) => {
            const received: Buffer[] = [];
            const socket = net.connect({ host: address, port });
            const end = (error: Error | undefined, answer = Buffer.alloc(0)) => {
                clearTimeout(timer);
                socket.destroy();
                if (error) {
                    reject(error);
                } else {
                    resolve(answer);
                }
            };
            const timer = setTimeout(() => end(new Error(`no answer within ${answerSeconds} s`)), answerSeconds * 1000);
            socket.on("error", end);
            socket.on("end", () => end(new Error("the connection was closed without an answer")));
            socket.on("data", (data) => {
                received.push(data);
                const frame = Buffer.concat(received);
                const before = Number(lengthBytes);
                if (frame.length >= before && frame.length >= before + frame.readUIntBE(0, before)) {
                    end(undefined, frame.subarray(before, before + frame.readUIntBE(0, before)));
                }
            });
            socket.write(request);
        });

// What an AudioWorklet has and the DOM's types leave out (Web Audio API, section 1.32).

declare class AudioWorkletProcessor { readonly port: MessagePort }
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare const sampleRate: number;

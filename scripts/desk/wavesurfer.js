// What the recordings console needs of the waveform library.

export { default as WaveSurfer } from "wavesurfer.js";

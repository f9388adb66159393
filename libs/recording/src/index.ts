export { type About, type Ending, FORMAT, type Header, type ThrownTurn } from './format.js';
export { openRecording, Recording } from './recording.js';
export { RecordingError } from './recording-error.js';
export { RunRecorder, type RunRecorderOptions } from './run-recorder.js';
export { type TurnFile, type TurnFiles, TurnFolder } from './turn-files.js';
export { TurnRecorder, type TurnRecorderOptions } from './turn-recorder.js';

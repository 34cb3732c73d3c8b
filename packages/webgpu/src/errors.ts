/** What went wrong on the way to the GPU, or there. */
export class WebGpuError extends Error {
  override readonly name = 'WebGpuError';
  readonly code: WebGpuErrorCode;

  constructor(code: WebGpuErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** `adapter`: no GPU that can be used; `lost`: the device is gone, and what was on it; `shader`: generated code was refused; `device`: the device refused a command; `limit`: a kernel needs more than the device has. */
export type WebGpuErrorCode = 'adapter' | 'lost' | 'shader' | 'device' | 'limit';

/** What a device says against what it was to run. */
export function refused({ message }: GPUError): WebGpuError {
  return new WebGpuError('device', `webgpu: the device refused a command: ${message}`);
}

import type { FactoryProvider, Type } from '@nestjs/common';

type Instances<Types extends readonly Type[]> = { [At in keyof Types]: InstanceType<Types[At]> };

/** The provider of a class that a function makes of instances of others. */
export const provider = <Part, Needs extends readonly Type[]>(
  provide: Type<Part>,
  inject: readonly [...Needs],
  useFactory: (...needs: Instances<Needs>) => Part,
): FactoryProvider<Part> => ({ provide, inject: [...inject], useFactory: useFactory as never });
